"""The two clocks of measurements: the wall's, and one that does not move until it is asked to wait."""

import time
from datetime import UTC, datetime, timedelta

from domain.ports import Clock


class WallClock(Clock):
    """Real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ManualClock(Clock):
    """Stands at one moment: a file read at full speed carries its own time from there on."""

    def __init__(self, at: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def sleep(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)
