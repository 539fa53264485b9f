"""What models saw of one session, and which of them judge its next picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.metrics import TimedValue
from domain.model_schedule import due_models

LONGEST_WAIT = 4.0
"""While scoring is behind, a run that is due waits at most this many times the seconds between two runs."""


@dataclass(slots=True)
class ModelSchedule:
    """What the models saw of one session: when each looked last, what it measured, and what the gate's metric was.

    `waiting_since` is when a run was due that gave way to frames.
    """

    session_id: str
    judged_at: dict[str, datetime] = field(default_factory=dict)
    measured: dict[str, TimedValue] = field(default_factory=dict)
    waiting_since: dict[str, datetime] = field(default_factory=dict)
    quality: float | None = None

    def due(self, at: datetime, every_s: Mapping[str, float], *, behind: bool = False) -> frozenset[str]:
        """Return the models that judge the picture of `at`, and note that they did.

        Where scoring is `behind`, runs give way to frames for a while.
        """
        names = due_models(self.judged_at, at, every_s)
        if behind:
            names = frozenset(name for name in names if self._has_waited(name, at, LONGEST_WAIT * every_s[name]))
        self.judged_at.update(dict.fromkeys(names, at))
        for name in names:
            self.waiting_since.pop(name, None)
        return names

    def _has_waited(self, name: str, at: datetime, longest_s: float) -> bool:
        since = self.waiting_since.get(name)
        if since is None or since > at:
            self.waiting_since[name] = at
            return False
        return (at - since).total_seconds() >= longest_s
