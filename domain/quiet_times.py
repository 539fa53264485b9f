"""When nothing is sent although something is wrong: recurring maintenance, and messages put off by a person."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MaintenanceSchedule:
    """Maintenance that recurs by the wall clock of its zone, for the cameras that match every scope given.

    `first` is the local time at which the first window begins, without a zone; `rule` is an RRULE (RFC 5545, 3.3.10)
    without its name, such as `FREQ=WEEKLY;BYDAY=MO`. A window ends when the local clock shows `minutes` more.
    """

    schedule_id: str
    first: datetime
    minutes: int
    rule: str
    zone: str = "UTC"
    camera: str = ""
    site: str = ""
    group: str = ""
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Messages about one incident, or about one fault of a camera (all where `fault` is empty), wait until `until`."""

    snooze_id: str
    until: datetime
    incident_id: str = ""
    camera: str = ""
    fault: str = ""
    reason: str = ""
    by: str = ""
    created_at: datetime | None = None

    def covers(self, incident_id: str, camera: str, fault: str) -> bool:
        """Return whether it holds for a message about this incident."""
        if self.incident_id:
            return self.incident_id == incident_id
        return self.camera == camera and self.fault in ("", fault)
