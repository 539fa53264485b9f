"""The present state of each camera: the live state or, while that is unavailable, what the database knows.

Scoring and storing go on without the live state, so the database is at most one batch behind; it lacks pictures,
rates and the light mode.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.clocks import is_within
from domain.errors import ConfigError, StoreUnavailable
from domain.messages import StreamSnapshot
from domain.ports import Clock, LiveState, ScoreStore

RETRY_S = 2.0
"""While the live state is unavailable, it and the database are asked this often at most: a page asks once a second."""


@dataclass(frozen=True, slots=True)
class KnownSnapshots:
    """Snapshots by stream. `away` is "" or why they are read from the database."""

    snapshots: Mapping[str, StreamSnapshot] = field(default_factory=dict)
    outage: str = ""


class LiveSnapshots:
    """Asks the live state each time, and no more often than every two seconds while it is unavailable. Shared by
    threads.
    """

    def __init__(self, live: LiveState, scores: ScoreStore, clock: Clock) -> None:
        self._live = live
        self._scores = scores
        self._clock = clock
        self._fallback: tuple[datetime, frozenset[str], KnownSnapshots] | None = None

    def read(self, names: Collection[str]) -> KnownSnapshots:
        """Return what is known of these cameras, and perhaps of others."""
        now, fallback = self._clock.now(), self._fallback
        if fallback is not None and is_within(fallback[0], now, RETRY_S) and fallback[1] >= set(names):
            return fallback[2]
        try:
            present = KnownSnapshots(self._live.all())
        except (StoreUnavailable, ConfigError) as error:
            # A password that was changed while running is the operator's to correct, and no reason to show nothing.
            present = KnownSnapshots(
                self._read_stored(names), f"live state unavailable, read from the database: {error}"
            )
            self._fallback = (now, frozenset(names), present)
        else:
            self._fallback = None
        return present

    def _read_stored(self, names: Collection[str]) -> Mapping[str, StreamSnapshot]:
        """Return what the database knows, nothing while it is unavailable too: then nothing is known."""
        try:
            return self._scores.latest(names)
        except StoreUnavailable:
            return {}
