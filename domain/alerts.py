"""Alert states and incidents: one cause, one alert."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.faults import Evidence, Fault


class AlertState(StrEnum):
    """The states of a Prometheus alert."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """When a fault becomes an alert: bad in `share` of the samples over `hold_for_s`, good for `keep_firing_for_s`.

    `severity` is `critical`, `warning`, `info`; an `event` rule fires once and does not resolve by itself.
    """

    fault: Fault
    hold_for_s: float
    keep_firing_for_s: float
    share: float = 0.8
    min_frames: int = 3
    severity: str = "warning"
    event: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """The alert state of one fault of one stream; stored with the scores, so that a restart continues from it."""

    stream_id: str
    fault: Fault
    state: AlertState
    since: datetime
    updated_at: datetime
    incident_id: str = ""
    flaps: int = 0
    evidence: Evidence = Evidence()


@dataclass(frozen=True, slots=True)
class AlertTransition:
    """One step of one alert; unique by (stream, fault, session, sequence, to_state)."""

    stream_id: str
    fault: Fault
    session_id: str
    sequence: int
    from_state: AlertState
    to_state: AlertState
    at: datetime
    incident_id: str = ""
    evidence: Evidence = Evidence()


class IncidentState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Incident:
    """What people are notified about: one cause on one camera, or on a group when `members` names its cameras.

    `incident_id` is the stable fingerprint of every message about it. `headline` is the root fault, `symptoms` what it
    implies (docs/metrics.md lists which fault implies which).
    """

    incident_id: str
    stream_id: str
    headline: Fault
    state: IncidentState
    opened_at: datetime
    updated_at: datetime
    site: str = ""
    group: str = ""
    severity: str = "warning"
    symptoms: tuple[Fault, ...] = ()
    members: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    summary: str = ""
    evidence: Evidence = Evidence()
    resolved_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    acknowledge_reason: str = ""


class NotificationKind(StrEnum):
    FIRING = "firing"
    UPDATE = "update"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A notification to send, stored with the scores; `key` makes it idempotent for store and receiver."""

    key: str
    kind: NotificationKind
    incident: Incident
    created_at: datetime
    attempts: int = 0
    next_attempt_at: datetime | None = None
