"""What shadow mode kept from receivers: when, to whom, and how often for each fault."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from api.request_context import BackendDependency
from api.schemas.incidents import IncidentAnswer, incident_answer
from api.schemas.values import FaultAnswer, Time, fault_answer
from api.time_range import RequestTime
from domain.alerts import NotificationKind
from domain.shadow import count_by_fault, count_by_receiver
from domain.text.camera_urls import redact_text

DEFAULT_SPAN = timedelta(days=7)
MOST_COUNTED = 10_000

router = APIRouter(tags=["alerts"])


class ShadowCountAnswer(FaultAnswer):
    """Incidents that would have been announced under this fault's name, and messages to all receivers together."""

    incidents: int
    messages: int


class ShadowMessageAnswer(BaseModel):
    """One message that `receiver` would have got."""

    at: Time
    receiver: str
    kind: NotificationKind
    incident: IncidentAnswer


class ShadowAnswer(BaseModel):
    """`state` is "" or where shadow mode is on; counts are of the stretch, `messages` its latest.

    `complete` is false where the stretch holds more than 10,000 messages, of which only the latest are counted.
    """

    state: str
    sites: list[str]
    """Those in shadow mode, where not all are."""
    everywhere: bool
    """All sites are in shadow mode."""
    faults: list[ShadowCountAnswer]
    """Messages by fault."""
    receivers: dict[str, int]
    """Messages by receiver."""
    messages: list[ShadowMessageAnswer]
    complete: bool


@router.get("/shadow")
def shadow(
    backend: BackendDependency,
    since: RequestTime | None = None,
    until: RequestTime | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ShadowAnswer:
    """Return what shadow mode kept from receivers, by default in the last seven days."""
    end = until or backend.clock.now()
    begin = since or end - DEFAULT_SPAN
    if begin >= end:
        raise HTTPException(422, "since must be before until")
    log, scope = backend.services.shadow.log, backend.services.shadow.scope
    messages = log.messages(begin, end, limit=MOST_COUNTED) if log is not None else ()
    return ShadowAnswer(
        state=scope.sentence(),
        sites=sorted(scope.sites),
        everywhere=scope.everywhere,
        faults=[
            ShadowCountAnswer(**fault_answer(each.fault).model_dump(), incidents=each.incidents, messages=each.messages)
            for each in count_by_fault(messages)
        ],
        receivers={redact_text(name): count for name, count in count_by_receiver(messages).items()},
        messages=[
            ShadowMessageAnswer(
                at=each.at,
                receiver=redact_text(each.receiver),
                kind=each.kind,
                incident=incident_answer(each.incident),
            )
            for each in messages[:limit]
        ],
        complete=len(messages) < MOST_COUNTED,
    )
