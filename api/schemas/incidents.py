"""What the API answers about alerts and incidents."""

from pydantic import BaseModel

from api.schemas.values import EvidenceAnswer, FaultAnswer, Time, fault_answer
from domain.alerts import AlertState, Incident, IncidentState
from domain.text.camera_urls import redact_text


class AlertAnswer(FaultAnswer):
    camera: str
    state: AlertState
    since: Time
    updated_at: Time
    incident_id: str
    flaps: int
    evidence: EvidenceAnswer


class TransitionAnswer(FaultAnswer):
    from_state: AlertState
    to_state: AlertState
    at: Time
    incident_id: str
    evidence: EvidenceAnswer


class IncidentAnswer(BaseModel):
    """What people are told; `members` names the cameras of a group incident, `recovered` those that are back."""

    incident_id: str
    camera: str
    site: str
    group: str
    state: IncidentState
    severity: str
    headline: FaultAnswer
    symptoms: list[FaultAnswer]
    summary: str
    members: list[str]
    recovered: list[str]
    evidence: EvidenceAnswer
    opened_at: Time
    updated_at: Time
    resolved_at: Time | None
    acknowledged_by: str
    acknowledged_at: Time | None
    acknowledge_reason: str


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
    )
