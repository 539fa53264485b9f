"""The ports of times in which nothing is sent; `domain.ports` gives them out with all the others."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from domain.access import EVERY_CAMERA, AccessScope
from domain.quiet_times import MaintenanceSchedule, Snooze
from domain.shadow import ShadowMessage
from domain.verdict_time import MaintenanceWindow


class QuietTimeStore(Protocol):
    """When nothing is sent although something is wrong. Every change but the extension of a schedule is audited."""

    def schedules(self) -> Sequence[MaintenanceSchedule]: ...

    def put_schedule(
        self, schedule: MaintenanceSchedule, windows: Sequence[MaintenanceWindow], *, at: datetime
    ) -> None:
        """Store a schedule with its next windows, in place of those of it that have not begun."""
        ...

    def extend_schedule(self, windows: Sequence[MaintenanceWindow]) -> None: ...

    def remove_schedule(self, schedule_id: str, *, by: str, at: datetime) -> bool:
        """Remove a schedule and its windows that have not begun. False when there was none."""
        ...

    def windows_between(self, since: datetime, until: datetime) -> Sequence[MaintenanceWindow]: ...

    def snoozes(self, at: datetime) -> Sequence[Snooze]:
        """Return those that end after `at`."""
        ...

    def put_snooze(self, snooze: Snooze, *, at: datetime) -> None: ...

    def remove_snooze(self, snooze_id: str, *, by: str, at: datetime) -> bool: ...


class MaintenancePlanner(Protocol):
    """Announces work on cameras and puts messages off. Every method raises `StoreUnavailable`."""

    def start(self, camera: str, length: timedelta, *, reason: str, by: str) -> MaintenanceWindow: ...

    def end(self, window_id: str, *, by: str) -> bool: ...

    def windows(self) -> Sequence[MaintenanceWindow]: ...

    def repeat(self, schedule: MaintenanceSchedule) -> MaintenanceSchedule:
        """Store recurring maintenance with its next windows. Raises `ConfigError` for a rule that cannot be used."""
        ...

    def schedules(self) -> Sequence[MaintenanceSchedule]: ...

    def end_schedule(self, schedule_id: str, *, by: str) -> bool:
        """Announce no more of its windows, and take back those that have not begun. False when there was none."""
        ...

    def zone_of(self, site: str) -> str:
        """Return the name of a site's time zone."""
        ...

    def snooze(
        self, length: timedelta, *, incident_id: str = "", camera: str = "", fault: str = "", reason: str, by: str
    ) -> Snooze: ...

    def end_snooze(self, snooze_id: str, *, by: str) -> bool: ...

    def snoozes(self) -> Sequence[Snooze]: ...


class ShadowLog(Protocol):
    """What shadow mode kept from receivers. Every method raises `StoreUnavailable` while the database is
    unavailable.
    """

    def record(self, message: ShadowMessage) -> None:
        """Keep one message; the same key and receiver again change nothing."""
        ...

    def holds(self, incident_id: str, receiver: str) -> bool:
        """Return whether the first message about this incident was kept from this receiver: a `BEGINS` of its own."""
        ...

    def was_notified(self, incident_id: str, receiver: str) -> bool:
        """Return whether this receiver got a message about this incident: one that was delivered and not kept."""
        ...

    def messages(
        self, since: datetime, until: datetime, *, limit: int = 10_000, scope: AccessScope = EVERY_CAMERA
    ) -> Sequence[ShadowMessage]:
        """Return the messages of a stretch about cameras of the scope, `until` left out, the latest first."""
        ...
