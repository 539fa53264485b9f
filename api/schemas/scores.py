"""What the API answers about scores."""

from pydantic import BaseModel

from api.schemas.values import Number, RecordAnswer, Time, VerdictAnswer
from domain.baselines import LightMode
from domain.faults import FAULT_LABELS, Fault
from domain.records import Resolution
from domain.verdict_time import CAUSE_LABELS, TimeState, VerdictSpan

FAULT_KEYS = frozenset(fault.value for fault in Fault)


class PointAnswer(RecordAnswer):
    """Mean, least and greatest of `count` frames from `at` on."""

    at: Time
    mean: Number
    low: Number
    high: Number
    count: int


class ScoresAnswer(BaseModel):
    """`series` maps metric to its points, oldest first; `thinned` says that neighbours were joined."""

    name: str
    since: Time
    until: Time
    resolution: Resolution
    thinned: bool
    series: dict[str, list[PointAnswer]]


class SpanAnswer(BaseModel):
    """One stretch in one state. `cause` is a fault's key or why nothing could be said; `label` is it in words."""

    since: Time
    until: Time
    state: TimeState
    cause: str
    label: str
    light: LightMode | None


class TimelineAnswer(BaseModel):
    name: str
    since: Time
    until: Time
    complete: bool
    spans: list[SpanAnswer]


def span_answer(span: VerdictSpan) -> SpanAnswer:
    label = FAULT_LABELS[Fault(span.cause)] if span.cause in FAULT_KEYS else CAUSE_LABELS.get(span.cause, span.cause)
    return SpanAnswer(
        since=span.since, until=span.until, state=span.state, cause=span.cause, label=label, light=span.light
    )


class ChangeAnswer(VerdictAnswer):
    at: Time
