"""Incidents and alerts: list them, and show one. What people do about them is in `api.routes.incident_work`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from api.backend import Backend
from api.error_responses import MAX_SHOWN_NAME
from api.request_context import BackendDependency
from api.routes.cameras import find_camera
from api.schemas.incidents import AlertAnswer, IncidentAnswer, IncidentsAnswer, TransitionAnswer, incident_answer
from api.schemas.values import EvidenceAnswer
from api.security.request_limits import one_line
from api.time_range import RequestTime
from domain.alerts import AlarmAnswer, AlertState, AlertTransition, Incident, IncidentFilter, IncidentState
from domain.faults import FAULT_LABELS, Fault

MAX_INCIDENTS = 500

router = APIRouter(tags=["alerts"])


@router.get("/incidents")
def incidents(
    backend: BackendDependency,
    *,
    state: IncidentState | None = None,
    camera: str | None = None,
    fault: Fault | None = None,
    site: str | None = None,
    severity: Annotated[str | None, Query(max_length=20)] = None,
    assigned_to: Annotated[str | None, Query(max_length=100)] = None,
    answer: AlarmAnswer | None = None,
    answered: bool | None = None,
    since: RequestTime | None = None,
    until: RequestTime | None = None,
    before: RequestTime | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_INCIDENTS)] = 100,
) -> IncidentsAnswer:
    """Return incidents, newest first; `next_before` leads to the next page. `since` and `until` bound the opening.

    An empty `assigned_to` asks for those of nobody, `answered=false` for those still to be called right or wrong.
    """
    filters = IncidentFilter(
        state=state,
        stream_id=camera,
        fault=fault,
        site=site,
        severity=severity,
        since=since,
        until=until,
        assigned_to=assigned_to,
        answer=answer,
        answered=answered,
    )
    matches = backend.alert_store.incidents(filters=filters, limit=limit + 1, before=before)
    page, next_before = cut_page(matches, limit)
    if not page and matches:
        # More incidents opened in one instant than fit a page: give them all, or the next page would skip some.
        matches = backend.alert_store.incidents(filters=filters, limit=MAX_INCIDENTS * 4, before=before)
        page = [incident for incident in matches if incident.opened_at == matches[0].opened_at]
        next_before = page[-1].opened_at if len(page) < len(matches) else None
    return IncidentsAnswer(incidents=[incident_answer(incident) for incident in page], next_before=next_before)


def cut_page(incidents: Sequence[Incident], limit: int) -> tuple[Sequence[Incident], datetime | None]:
    """Cut `incidents` (newest first, at most `limit` + 1) where `opened_at` changes; [] where it never does."""
    if len(incidents) <= limit:
        return incidents, None
    beyond = incidents[limit].opened_at
    page = [incident for incident in incidents[:limit] if incident.opened_at > beyond]
    return page, page[-1].opened_at if page else None


@router.get("/incidents/{incident_id:path}")
def incident(incident_id: str, backend: BackendDependency) -> IncidentAnswer:
    """Return one incident."""
    return incident_answer(find_incident(backend, incident_id))


@router.get("/alerts")
def alerts(backend: BackendDependency, camera: str | None = None) -> list[AlertAnswer]:
    """Return the alerts that are pending or firing, or were resolved last, per camera and fault."""
    cameras = backend.camera_cache.read().cameras
    return [
        AlertAnswer(
            camera=alert.stream_id,
            fault=alert.fault,
            label=FAULT_LABELS[alert.fault],
            state=alert.state,
            since=alert.since,
            updated_at=alert.updated_at,
            incident_id=alert.incident_id,
            flaps=alert.flaps,
            evidence=EvidenceAnswer.model_validate(alert.evidence),
        )
        for alert in backend.alert_store.alerts(camera)
        if alert.state is not AlertState.INACTIVE and alert.stream_id in cameras
    ]


@router.get("/cameras/{name}/transitions")
def transitions(
    name: str, backend: BackendDependency, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[TransitionAnswer]:
    """Return the steps of this camera's alerts, latest first."""
    find_camera(backend, name)
    return [_transition_answer(step) for step in backend.alert_store.transitions(name, limit=limit)]


def _transition_answer(step: AlertTransition) -> TransitionAnswer:
    return TransitionAnswer(
        fault=step.fault,
        label=FAULT_LABELS[step.fault],
        from_state=step.from_state,
        to_state=step.to_state,
        at=step.at,
        incident_id=step.incident_id,
        evidence=EvidenceAnswer.model_validate(step.evidence),
    )


def find_incident(backend: Backend, incident_id: str) -> Incident:
    incident = backend.alert_store.incident(incident_id)
    if incident is None:
        raise incident_not_found(incident_id)
    return incident


def incident_not_found(incident_id: str) -> HTTPException:
    return HTTPException(404, f"there is no incident '{one_line(incident_id, MAX_SHOWN_NAME)}'")
