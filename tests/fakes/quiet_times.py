"""A fake of `QuietTimeStore`; the contract test holds it to what the real one promises."""

from collections.abc import Sequence
from datetime import datetime

from domain.quiet_times import MaintenanceSchedule, Snooze
from domain.verdict_time import MaintenanceWindow


class FakeQuietTimeStore:
    """`QuietTimeStore` in memory; it keeps no audit."""

    def __init__(self) -> None:
        self.by_id: dict[str, MaintenanceWindow] = {}
        self._schedules: dict[str, MaintenanceSchedule] = {}
        self._snoozes: dict[str, Snooze] = {}

    def schedules(self) -> Sequence[MaintenanceSchedule]:
        return [self._schedules[key] for key in sorted(self._schedules)]

    def put_schedule(
        self, schedule: MaintenanceSchedule, windows: Sequence[MaintenanceWindow], *, at: datetime
    ) -> None:
        self._forget_future(schedule.schedule_id, at)
        self._schedules[schedule.schedule_id] = schedule
        self.extend_schedule(windows)

    def extend_schedule(self, windows: Sequence[MaintenanceWindow]) -> None:
        for window in windows:
            self.by_id.setdefault(window.window_id, window)

    def remove_schedule(self, schedule_id: str, *, by: str, at: datetime) -> bool:
        self._forget_future(schedule_id, at)
        return self._schedules.pop(schedule_id, None) is not None

    def windows_between(self, since: datetime, until: datetime) -> Sequence[MaintenanceWindow]:
        found = [window for window in self.by_id.values() if window.since < until and window.until > since]
        return sorted(found, key=lambda window: window.since)

    def snoozes(self, at: datetime) -> Sequence[Snooze]:
        found = [snooze for snooze in self._snoozes.values() if snooze.until > at]
        return sorted(found, key=lambda snooze: (snooze.until, snooze.snooze_id))

    def put_snooze(self, snooze: Snooze, *, at: datetime) -> None:
        self._snoozes[snooze.snooze_id] = snooze

    def remove_snooze(self, snooze_id: str, *, by: str, at: datetime) -> bool:
        return self._snoozes.pop(snooze_id, None) is not None

    def _forget_future(self, schedule_id: str, now: datetime) -> None:
        for key, window in list(self.by_id.items()):
            if key.startswith(f"{schedule_id}-") and window.since > now:
                del self.by_id[key]
