"""What people answered to alarms: the site's own precision per fault, and the sensitivities that it suggests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import Field, StringConstraints

from api.backend import Backend
from api.error_responses import camera_not_found
from api.request_context import BackendDependency
from api.schemas.incidents import PrecisionAnswer, PrecisionsAnswer, ProposalAnswer
from api.schemas.inputs import ByPerson
from api.security.strict_json import StrictRoute
from api.time_range import RequestTime
from domain.alerts import IncidentFilter
from domain.camera_changes import with_fault
from domain.cameras import FaultSetting
from domain.faults import FAULT_LABELS, Fault
from evaluation.alerting.alarm_precision import (
    FaultPrecision,
    SensitivityProposal,
    doubtful,
    measure_precision,
    propose_sensitivities,
)

_MOST_ANSWERS = 1000
"""Of one camera and fault, the latest."""
_CHANGES_READ = 1000

router = APIRouter(tags=["alerts"], route_class=StrictRoute)


class ProposalChoice(ByPerson):
    """Which proposal is applied; `proposed` must be what it proposes now."""

    camera: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    fault: Fault
    proposed: Annotated[int, Field(strict=True, ge=1, le=10)]


@router.get("/alarm-precision")
def precision(
    backend: BackendDependency,
    *,
    since: RequestTime | None = None,
    until: RequestTime | None = None,
    site: str | None = None,
    camera: str | None = None,
) -> PrecisionsAnswer:
    """Return how often alarms were right, per fault, from what people answered."""
    filters = IncidentFilter(since=since, until=until, site=site, stream_id=camera)
    counts = backend.alert_store.count_answers(filters)
    unanswered = sum(each.count for each in counts if each.answer is None)
    return PrecisionsAnswer(
        since=since,
        until=until,
        answered=sum(each.count for each in counts) - unanswered,
        unanswered=unanswered,
        faults=[_precision_answer(each) for each in measure_precision(counts)],
    )


@router.get("/sensitivity-proposals")
def proposals(backend: BackendDependency) -> list[ProposalAnswer]:
    """Return the sensitivities that the answers suggest, each with the counts it rests on. Nothing is changed."""
    return [_proposal_answer(each) for each in _proposals(backend)]


@router.post("/sensitivity-proposals/apply", responses={409: {"description": "No longer proposed."}})
def apply_proposal(choice: ProposalChoice, backend: BackendDependency) -> ProposalAnswer:
    """Set the proposed sensitivity; the change is listed among the camera's changes and can be undone there."""
    key = (choice.camera, choice.fault, choice.proposed)
    proposal = next((each for each in _proposals(backend) if (each.camera, each.fault, each.proposed) == key), None)
    if proposal is None:
        raise HTTPException(409, "this is no longer proposed; read the proposals again")
    edited = backend.stream_store.edit_camera(
        choice.camera,
        lambda camera: with_fault(camera, proposal.fault, FaultSetting(True, proposal.proposed)),
        by=choice.by,
        at=backend.clock.now(),
        action="apply proposal",
    )
    if edited is None:
        raise camera_not_found(choice.camera)
    return _proposal_answer(proposal)


def _proposals(backend: Backend) -> Sequence[SensitivityProposal]:
    filters = [
        IncidentFilter(stream_id=camera, fault=fault, answered=True)
        for camera, fault in sorted(doubtful(backend.alert_store.count_answers(IncidentFilter(answered=True))))
    ]
    if not filters:
        return ()
    incidents = [each for one in filters for each in backend.alert_store.incidents(filters=one, limit=_MOST_ANSWERS)]
    return propose_sensitivities(
        backend.camera_cache.read().cameras.values(), incidents, _setting_changes(backend, filters)
    )


def _setting_changes(backend: Backend, filters: Sequence[IncidentFilter]) -> Mapping[tuple[str, Fault], datetime]:
    """Return when the setting of each fault of these cameras was changed last."""
    changes: dict[tuple[str, Fault], datetime] = {}
    names = {each.stream_id for each in filters}
    for change in (each for name in names for each in backend.stream_store.camera_changes(name, limit=_CHANGES_READ)):
        before, after = ((values or {}).get("faults", {}) for values in (change.before, change.after))
        for key in {*before, *after}:
            if before.get(key) != after.get(key) and key in list(Fault):
                changes.setdefault((change.camera, Fault(key)), change.at)
    return changes


def _precision_answer(precision: FaultPrecision) -> PrecisionAnswer:
    return PrecisionAnswer(
        fault=precision.fault,
        label=FAULT_LABELS[precision.fault],
        right=precision.right,
        wrong=precision.wrong,
        new_normal=precision.new_normal,
        precision=precision.precision,
        low=precision.low,
        high=precision.high,
    )


def _proposal_answer(proposal: SensitivityProposal) -> ProposalAnswer:
    return ProposalAnswer(
        fault=proposal.fault,
        label=FAULT_LABELS[proposal.fault],
        camera=proposal.camera,
        sensitivity=proposal.sensitivity,
        proposed=proposal.proposed,
        right=proposal.right,
        wrong=proposal.wrong,
        new_normal=proposal.new_normal,
    )
