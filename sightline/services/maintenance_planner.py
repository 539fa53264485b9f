"""Announces, ends and repeats maintenance, and puts messages off: what command line and API both do."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta, tzinfo

from domain.errors import ConfigError
from domain.ports import Clock, QuietTimeStore, ReportStore
from domain.quiet_times import MaintenanceSchedule, Snooze
from domain.verdict_time import MaintenanceWindow
from notification.calendar_file import read_calendar
from notification.recurrence import HORIZON, check_schedule, expand_schedule

LONGEST_SNOOZE = timedelta(days=31)
EXTEND_EVERY_S = 600.0


class StoredMaintenancePlanner:
    """Windows and snoozes of one database. Every method raises `StoreUnavailable` while it is unavailable."""

    def __init__(
        self, windows: ReportStore, quiet: QuietTimeStore, clock: Clock, zone_of: Callable[[str], tzinfo]
    ) -> None:
        self._windows = windows
        self._quiet = quiet
        self._clock = clock
        self._zone_of = zone_of

    def start(self, camera: str, length: timedelta, *, reason: str, by: str) -> MaintenanceWindow:
        """Announce work on one camera from now on."""
        _check_length(length)
        now = self._clock.now()
        window = MaintenanceWindow(secrets.token_hex(4), now, now + length, camera=camera, reason=reason, by=by)
        self._windows.announce_maintenance(window, at=now)
        return window

    def end(self, window_id: str, *, by: str) -> bool:
        """End a window now that has begun, or take one back that has not. False when there was none."""
        now = self._clock.now()
        for window in self._windows.maintenance_windows():
            if window.window_id == window_id and window.since < now < window.until:
                self._windows.announce_maintenance(replace(window, until=now, by=by), at=now)
                return True
            if window.window_id == window_id and now <= window.since:
                return self._windows.withdraw_maintenance(window_id, by=by, at=now)
        return False

    def repeat(self, schedule: MaintenanceSchedule) -> MaintenanceSchedule:
        """Store recurring maintenance with its next windows. Raises `ConfigError` for a rule that cannot be used."""
        check_schedule(schedule)
        now = self._clock.now()
        self._quiet.put_schedule(schedule, expand_schedule(schedule, now, now + HORIZON), at=now)
        return schedule

    def import_calendar(
        self, content: bytes, *, camera: str = "", site: str = "", group: str = "", by: str
    ) -> tuple[int, int]:
        """Store the events of a calendar; return how many single and recurring ones. Raises `ConfigError`."""
        zone = str(self._zone_of(site))
        schedules, windows = read_calendar(content, zone, camera=camera, site=site, group=group, by=by)
        for schedule in schedules:
            self.repeat(schedule)
        for window in windows:
            self._windows.announce_maintenance(window, at=self._clock.now())
        return len(windows), len(schedules)

    def extend_schedules(self) -> None:
        """Write down the windows of schedules that came within the horizon."""
        now = self._clock.now()
        known = self._quiet.windows_between(now, now + 2 * HORIZON)
        for schedule in self._quiet.schedules():
            mine = [window.since for window in known if window.window_id.startswith(f"{schedule.schedule_id}-")]
            # One that somebody took back is not announced again.
            latest = max(mine, default=now)
            windows = expand_schedule(schedule, now, now + HORIZON)
            self._quiet.extend_schedule([window for window in windows if window.since > latest])

    def windows(self) -> Sequence[MaintenanceWindow]:
        """Return the windows of now and of the next weeks, oldest first."""
        now = self._clock.now()
        return self._quiet.windows_between(now, now + HORIZON)

    def schedules(self) -> Sequence[MaintenanceSchedule]:
        return self._quiet.schedules()

    def end_schedule(self, schedule_id: str, *, by: str) -> bool:
        """Announce no more of its windows, and take back those that have not begun. False when there was none."""
        return self._quiet.remove_schedule(schedule_id, by=by, at=self._clock.now())

    def zone_of(self, site: str) -> str:
        """Return the name of a site's time zone."""
        return str(self._zone_of(site))

    def snoozes(self) -> Sequence[Snooze]:
        return self._quiet.snoozes(self._clock.now())

    def end_snooze(self, snooze_id: str, *, by: str) -> bool:
        """Tell again from now on. False when there was none."""
        return self._quiet.remove_snooze(snooze_id, by=by, at=self._clock.now())

    def snooze(
        self, length: timedelta, *, incident_id: str = "", camera: str = "", fault: str = "", reason: str, by: str
    ) -> Snooze:
        """Put off messages about an incident, or about a fault of a camera."""
        _check_length(length)
        now = self._clock.now()
        snooze = Snooze(secrets.token_hex(4), now + length, incident_id, camera, fault, reason, by, now)
        self._quiet.put_snooze(snooze, at=now)
        return snooze


def _check_length(length: timedelta) -> None:
    if not timedelta(minutes=1) <= length <= LONGEST_SNOOZE:
        raise ConfigError("HOURS: the length must be between 1 minute and 31 days")
