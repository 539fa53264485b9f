"""How long each kind of row is kept: raw scores shortly, rollups long, what people did for ever."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.errors import ConfigError

STRIDE = timedelta(hours=6)
"""What one pass may delete more than the pass before. There is one an hour: after a month of rest all that is old is
gone within five days, and a clock that is wrong for an hour costs six hours of the oldest."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days each kind of row is kept. Cameras, the audit and open incidents stay.

    A coarser rollup is folded from the finer one and must outlive it by a span of its own.
    """

    raw_days: int = 7
    minutes_days: int = 30
    hours_days: int = 400
    days_days: int = 3650
    dead_letters_days: int = 7
    sessions_days: int = 90
    delivered_days: int = 30
    history_days: int = 400
    """Verdict changes, transitions and resolved incidents."""

    def __post_init__(self) -> None:
        if self.raw_days < 1 or min(self.dead_letters_days, self.sessions_days, self.delivered_days) < 1:
            raise ConfigError("storage.retention: every time must be at least one day")
        if not self.raw_days < self.minutes_days < self.hours_days < self.days_days:
            raise ConfigError(
                "storage.retention: raw_days, minutes_days, hours_days, days_days must rise in this order"
            )

    def raw_floor(self, now: datetime) -> datetime:
        """Return the midnight (UTC) before which frames are deleted and no more accepted; whole days, as partitions."""
        return midnight(now - timedelta(days=self.raw_days))


def believable(now: datetime, newest: datetime | None, before: datetime | None) -> datetime:
    """Return by which time one pass may delete, `now` or earlier: a clock that is wrong must not cost the history.

    `newest` is the time of the newest row not later than now, beyond which by more than a day nothing is believed;
    `before` is what the pass before deleted by, and each goes on from it by no more than `STRIDE`.
    """
    until = now if newest is None else min(now, newest + timedelta(days=1))
    if before is not None and before <= now:
        until = min(until, before + STRIDE)
    return until


def midnight(at: datetime) -> datetime:
    """Return the start of the day of `at` in UTC."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
