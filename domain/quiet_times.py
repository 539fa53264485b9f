"""When nothing is sent although something is wrong: recurring maintenance, and messages put off by a person."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MaintenanceSchedule:
    """Maintenance that recurs by the wall clock of its zone, for the cameras that match every scope given."""

    schedule_id: str
    first: datetime
    """Local time at which the first window begins, without a zone."""
    minutes: int
    """How long a window lasts by the local clock."""
    rule: str
    """RRULE (RFC 5545, 3.3.10) without its name, such as `FREQ=WEEKLY;BYDAY=MO`."""
    zone: str = "UTC"
    """Of the IANA database."""
    camera: str = ""
    """"" for every camera; `site` and `group` likewise."""
    site: str = ""
    group: str = ""
    reason: str = ""
    by: str = ""
    """Who planned it."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Messages about one incident, or about one fault of a camera, wait."""

    snooze_id: str
    until: datetime
    """When they are sent, if the fault is still there."""
    incident_id: str = ""
    """"" for a snooze of a camera."""
    camera: str = ""
    fault: str = ""
    """Key of the fault; "" for all of the camera."""
    reason: str = ""
    by: str = ""
    """Who chose it."""
    created_at: datetime | None = None

    def covers(self, incident_id: str, camera: str, fault: str) -> bool:
        """Return whether it holds for a message about this incident."""
        if self.incident_id:
            return self.incident_id == incident_id
        return self.camera == camera and self.fault in ("", fault)
