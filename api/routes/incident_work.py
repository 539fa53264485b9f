"""What people do about incidents: take one or many on, assign, comment, say whether the alarm was right."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import Field

from api.backend import Backend
from api.request_context import BackendDependency
from api.routes.incidents import find_incident, incident_not_found
from api.schemas.incidents import (
    AnswerTaken,
    BulkAnswer,
    ConflictAnswer,
    IncidentAnswer,
    LogEntryAnswer,
    incident_answer,
)
from api.schemas.inputs import ByPerson, Identifier, MaybePersonName, ReasonText
from api.security.request_limits import one_line
from api.security.strict_json import StrictRoute
from domain.alerts import AlarmAnswer, Incident, IncidentAction, IncidentLogEntry
from domain.errors import ConfigError
from domain.incident_work import answer_alarm

MAX_BULK = 100

router = APIRouter(tags=["alerts"], route_class=StrictRoute)


class Acknowledgement(ByPerson):
    """Who takes an incident on, and why."""

    reason: ReasonText = ""


class BulkAcknowledgement(Acknowledgement):
    """Who takes these incidents on, and why."""

    incident_ids: Annotated[list[Identifier], Field(min_length=1, max_length=MAX_BULK)]


class Assignment(ByPerson):
    """Who is to look after an incident; "" for nobody."""

    to: MaybePersonName
    note: ReasonText = ""


class Comment(ByPerson):
    note: Annotated[ReasonText, Field(min_length=1)]


class AlarmJudgement(ByPerson):
    """Whether the alarm was right, wrong, or shows the new normal."""

    answer: AlarmAnswer
    note: ReasonText = ""


@router.post("/incidents/acknowledge")
def acknowledge_many(request: BulkAcknowledgement, backend: BackendDependency) -> BulkAnswer:
    """Take many incidents on; those that somebody else took on before stay theirs, and the answer names them."""
    acknowledged, conflicts, missing = [], [], []
    for incident_id in dict.fromkeys(request.incident_ids):
        incident = _acknowledge(backend, incident_id, request)
        if incident is None:
            missing.append(incident_id)
        elif incident.acknowledged_by == request.by:
            acknowledged.append(incident_id)
        else:
            conflicts.append(
                ConflictAnswer(
                    incident_id=incident_id,
                    acknowledged_by=incident.acknowledged_by,
                    acknowledged_at=incident.acknowledged_at,
                )
            )
    return BulkAnswer(acknowledged=acknowledged, conflicts=conflicts, missing=missing)


@router.post("/incidents/{incident_id:path}/acknowledge", responses={409: {"description": "Taken on by another."}})
def acknowledge(incident_id: str, acknowledgement: Acknowledgement, backend: BackendDependency) -> IncidentAnswer:
    """Record who takes the incident on, and why; audited. 409 names who took it on before, and when."""
    incident = _acknowledge(backend, incident_id, acknowledgement)
    if incident is None:
        raise incident_not_found(incident_id)
    if incident.acknowledged_by != acknowledgement.by:
        raise HTTPException(409, _describe_holder(incident))
    return incident_answer(incident)


@router.post("/incidents/{incident_id:path}/assign")
def assign(incident_id: str, assignment: Assignment, backend: BackendDependency) -> IncidentAnswer:
    """Say who is to look after the incident."""
    entry = IncidentLogEntry(
        incident_id, backend.clock.now(), assignment.by, IncidentAction.ASSIGN, assignment.to, assignment.note
    )
    return _record(backend, entry)


@router.post("/incidents/{incident_id:path}/comment")
def comment(incident_id: str, comment: Comment, backend: BackendDependency) -> IncidentAnswer:
    """Add a note to the incident's log."""
    entry = IncidentLogEntry(incident_id, backend.clock.now(), comment.by, IncidentAction.COMMENT, note=comment.note)
    return _record(backend, entry)


@router.post("/incidents/{incident_id:path}/answer")
def answer(incident_id: str, judgement: AlarmJudgement, backend: BackendDependency) -> AnswerTaken:
    """Say whether the alarm was right; "new-normal" accepts the camera's present view too."""
    incident = find_incident(backend, incident_id)
    try:
        accepted = answer_alarm(
            backend.alert_store,
            backend.stream_store,
            incident,
            judgement.answer,
            by=judgement.by,
            note=judgement.note,
            at=backend.clock.now(),
        )
    except ConfigError as error:
        raise HTTPException(422, one_line(str(error), 300)) from None
    return AnswerTaken(incident=incident_answer(find_incident(backend, incident_id)), view_accepted=accepted)


@router.get("/incidents/{incident_id:path}/log")
def log(incident_id: str, backend: BackendDependency) -> list[LogEntryAnswer]:
    """Return what people did about the incident, oldest first. Nothing in it is ever changed."""
    find_incident(backend, incident_id)
    return [
        LogEntryAnswer(at=entry.at, by=entry.by, action=entry.action, value=entry.value, note=entry.note)
        for entry in backend.alert_store.incident_log(incident_id)
    ]


def _acknowledge(backend: Backend, incident_id: str, request: Acknowledgement) -> Incident | None:
    return backend.alert_store.acknowledge(incident_id, by=request.by, reason=request.reason, at=backend.clock.now())


def _describe_holder(incident: Incident) -> str:
    at = incident.acknowledged_at
    when = f" at {_format_time(at)}" if at is not None else ""
    return f"{incident.acknowledged_by} took this incident on{when}; add a comment, or assign it"


def _format_time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _record(backend: Backend, entry: IncidentLogEntry) -> IncidentAnswer:
    if not backend.alert_store.record_work(entry):
        raise incident_not_found(entry.incident_id)
    return incident_answer(find_incident(backend, entry.incident_id))
