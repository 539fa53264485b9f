"""What the API answers about alerts and incidents."""

from pydantic import BaseModel

from api.schemas.values import EvidenceAnswer, FaultAnswer, Time, fault_answer
from domain.alerts import AlarmAnswer, AlertState, Incident, IncidentAction, IncidentState
from domain.text.camera_urls import redact_text


class AlertAnswer(FaultAnswer):
    camera: str
    state: AlertState
    since: Time
    """When its present state began."""
    updated_at: Time
    incident_id: str
    flaps: int
    """How often it came back within an hour."""
    evidence: EvidenceAnswer
    """The number that decided."""


class TransitionAnswer(FaultAnswer):
    from_state: AlertState
    to_state: AlertState
    at: Time
    incident_id: str
    evidence: EvidenceAnswer


class IncidentAnswer(BaseModel):
    """What people are notified of; `members` names the cameras of a group incident, `recovered` those that are back."""

    incident_id: str
    camera: str
    """"" for a group incident."""
    site: str
    group: str
    """The camera's switch or recorder."""
    state: IncidentState
    severity: str
    """`critical`, `warning` or `info`."""
    headline: FaultAnswer
    """The root fault."""
    symptoms: list[FaultAnswer]
    """Faults that the headline explains."""
    summary: str
    """One sentence with the number that decided."""
    members: list[str]
    recovered: list[str]
    evidence: EvidenceAnswer
    """The number behind the headline, with its bounds."""
    opened_at: Time
    updated_at: Time
    """When it last changed."""
    resolved_at: Time | None
    """Null while it is open."""
    acknowledged_by: str
    """Who took it on, "" where nobody did."""
    acknowledged_at: Time | None
    acknowledge_reason: str
    """What the person who took it on wrote."""
    assigned_to: str
    """Who works on it, "" for nobody."""
    answer: AlarmAnswer | None
    """The operator's answer to the alarm."""
    answered_by: str
    """Who gave the answer."""
    answered_at: Time | None


class LogEntryAnswer(BaseModel):
    """What a person did about an incident; `value` is whom it was assigned to, or the answer."""

    at: Time
    by: str
    action: IncidentAction
    value: str
    note: str


class AnswerTaken(BaseModel):
    """`view_accepted` says whether the camera's present view counts as normal from now on."""

    incident: IncidentAnswer
    view_accepted: bool


class BulkAnswer(BaseModel):
    """What became of each incident: taken on, already taken on by somebody else (who and when), or unknown."""

    acknowledged: list[str]
    conflicts: list["ConflictAnswer"]
    missing: list[str]


class ConflictAnswer(BaseModel):
    incident_id: str
    acknowledged_by: str
    acknowledged_at: Time | None


class PrecisionAnswer(FaultAnswer):
    """How often an alarm about a fault was right, as people answered; `low` to `high` is the exact 95 % interval.

    `precision` is right / (right + wrong), null without either. `new_normal` counts in neither.
    """

    right: int
    wrong: int
    new_normal: int
    precision: float | None
    low: float
    high: float


class PrecisionsAnswer(BaseModel):
    """Answers to incidents opened from `since` on and before `until`, null for all that is kept."""

    since: Time | None
    until: Time | None
    answered: int
    unanswered: int
    faults: list[PrecisionAnswer]


class ProposalAnswer(FaultAnswer):
    """A duller sensitivity that the answers suggest; nothing changes until somebody applies it."""

    camera: str
    sensitivity: int
    proposed: int
    right: int
    wrong: int
    new_normal: int


class IncidentsAnswer(BaseModel):
    """Newest first; pass `next_before` as `before` for the next page, null on the last one."""

    incidents: list[IncidentAnswer]
    next_before: Time | None


def incident_answer(incident: Incident) -> IncidentAnswer:
    return IncidentAnswer(
        incident_id=incident.incident_id,
        camera=incident.stream_id,
        site=incident.site,
        group=incident.group,
        state=incident.state,
        severity=incident.severity,
        headline=fault_answer(incident.headline),
        symptoms=[fault_answer(fault) for fault in incident.symptoms],
        summary=redact_text(incident.summary),
        members=list(incident.members),
        recovered=list(incident.recovered),
        evidence=EvidenceAnswer.model_validate(incident.evidence),
        opened_at=incident.opened_at,
        updated_at=incident.updated_at,
        resolved_at=incident.resolved_at,
        acknowledged_by=incident.acknowledged_by,
        acknowledged_at=incident.acknowledged_at,
        acknowledge_reason=incident.acknowledge_reason,
        assigned_to=incident.assigned_to,
        answer=incident.answer,
        answered_by=incident.answered_by,
        answered_at=incident.answered_at,
    )
