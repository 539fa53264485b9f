"""Alert states and incidents: one cause, one alert."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.access import EVERY_CAMERA, AccessScope
from domain.faults import Evidence, Fault


class AlertState(StrEnum):
    """The states of a Prometheus alert."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """When a fault becomes an alert, and when that ends."""

    fault: Fault
    hold_for_s: float
    """How long the fault lasts before the alert fires."""
    keep_firing_for_s: float
    """How long the picture is good before the alert is resolved."""
    share: float = 0.8
    """Part of the samples of that time that must be bad, 0 … 1."""
    min_frames: int = 3
    """Samples that time must hold at least."""
    severity: str = "warning"
    """`critical`, `warning` or `info`."""
    event: bool = False
    """It fires once and does not resolve by itself."""


@dataclass(frozen=True, slots=True)
class Alert:
    """The alert state of one fault of one stream; stored with the scores, so that a restart continues from it."""

    stream_id: str
    fault: Fault
    state: AlertState
    since: datetime
    """When it came into this state."""
    updated_at: datetime
    """When its state or its evidence last changed."""
    incident_id: str = ""
    """The incident that announces it, "" while none does."""
    flaps: int = 0
    """Times in a row that it fired again soon after its end; each doubles the time until it may end."""
    evidence: Evidence = Evidence()
    """The number that decided last."""


@dataclass(frozen=True, slots=True)
class AlertTransition:
    """One step of one alert; unique by (stream, fault, session, sequence, to_state)."""

    stream_id: str
    fault: Fault
    session_id: str
    """The connection and, in `sequence`, the frame or status that decided."""
    sequence: int
    from_state: AlertState
    to_state: AlertState
    at: datetime
    """The time of that observation."""
    incident_id: str = ""
    """The incident it belongs to, "" where there is none."""
    evidence: Evidence = Evidence()
    """The number that decided, with its bounds."""


class IncidentState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class AlarmAnswer(StrEnum):
    """What a person says of an alarm afterwards."""

    RIGHT = "right"
    WRONG = "wrong"
    NEW_NORMAL = "new-normal"
    """The camera really changed, and is to stay so: its present view is accepted."""


class IncidentAction(StrEnum):
    """What people do about an incident."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    COMMENT = "comment"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Incident:
    """What people are notified about: one cause on one camera, or on a group when `members` names its cameras."""

    incident_id: str
    """The stable fingerprint of every message about it."""
    stream_id: str
    """Its camera; "" for a group."""
    headline: Fault
    """The root fault."""
    state: IncidentState
    opened_at: datetime
    updated_at: datetime
    """When it last changed; of a group incident, when its members last changed."""
    site: str = ""
    group: str = ""
    """The camera's switch or recorder."""
    severity: str = "warning"
    """`critical`, `warning` or `info`."""
    symptoms: tuple[Fault, ...] = ()
    """Faults that the headline implies (docs/metrics.md lists which implies which)."""
    members: tuple[str, ...] = ()
    """The cameras of a group incident, the one camera of a flapping one; empty otherwise."""
    recovered: tuple[str, ...] = ()
    """Those of `members` that are well again."""
    summary: str = ""
    """The text of its last message."""
    evidence: Evidence = Evidence()
    """The number behind the headline, with its bounds."""
    resolved_at: datetime | None = None
    acknowledged_by: str = ""
    """Who took it on; "" for nobody yet."""
    acknowledged_at: datetime | None = None
    acknowledge_reason: str = ""
    """What the person who took it on wrote."""
    assigned_to: str = ""
    """Who works on it; "" for nobody."""
    answer: AlarmAnswer | None = None
    """Whether the alarm was right, as a person says; None before that."""
    answered_by: str = ""
    """Who gave the answer."""
    answered_at: datetime | None = None
    flapping: bool = False
    """The warning that its one member's connection comes and goes; while it is open, losses are not announced one by
    one."""


@dataclass(frozen=True, slots=True)
class IncidentLogEntry:
    """One line of an incident's log, which is only ever appended to.

    `value` is who it is assigned to, "" for nobody, or the answer; `note` is what the person wrote.
    """

    incident_id: str
    at: datetime
    by: str
    action: IncidentAction
    value: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """How many incidents of one camera and fault got an answer; those without one are counted for all cameras as "".

    Incidents of several cameras have no camera either.
    """

    stream_id: str
    fault: Fault
    answer: AlarmAnswer | None
    count: int


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents are asked for; what is None is not asked."""

    state: IncidentState | None = None
    stream_id: str | None = None
    """Its camera; "" for incidents of several cameras."""
    fault: Fault | None = None
    site: str | None = None
    severity: str | None = None
    """`critical`, `warning` or `info`."""
    since: datetime | None = None
    """Opened at this time or later."""
    until: datetime | None = None
    """Opened before this time."""
    assigned_to: str | None = None
    """A person; "" asks for those assigned to nobody."""
    answer: AlarmAnswer | None = None
    """The operator's answer to an alarm."""
    answered: bool | None = None
    """True: those with any answer; False: those without."""
    scope: AccessScope = EVERY_CAMERA
    """Those of these cameras alone. Where a camera is now is known to the store, so `accepts` leaves it to that."""

    def accepts(self, incident: Incident) -> bool:
        """Return whether an incident is one of those asked for."""
        pairs = (
            (self.state, incident.state),
            (self.stream_id, incident.stream_id),
            (self.fault, incident.headline),
            (self.site, incident.site),
            (self.severity, incident.severity),
            (self.assigned_to, incident.assigned_to),
            (self.answer, incident.answer),
            (self.answered, incident.answer is not None),
        )
        within = (self.since is None or self.since <= incident.opened_at) and (
            self.until is None or incident.opened_at < self.until
        )
        return within and all(expected is None or expected == value for expected, value in pairs)


class NotificationKind(StrEnum):
    """What a message says of its incident, in the order in which messages of one incident follow each other."""

    FIRING = "firing"
    UPDATE = "update"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    """Nobody acknowledged it in time: it goes to further people."""
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
