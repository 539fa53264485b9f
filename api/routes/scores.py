"""Scores and verdicts over time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from api.backend import Backend
from api.request_context import BackendDependency
from api.routes.cameras import find_camera
from api.schemas.scores import ChangeAnswer, PointAnswer, ScoresAnswer, TimelineAnswer, span_answer
from api.schemas.values import verdict_answer
from api.time_range import RangeRefused, RequestTime, TimeRange, choose_time_range, thin_points
from domain.records import Resolution, ScorePoint

MAX_METRICS = 64
MAX_POINTS = 2000
_MAX_CHANGES = 1000
MAX_TIMELINE = timedelta(days=366)
MAX_SPANS_SHOWN = 2000

router = APIRouter(prefix="/cameras/{name}", tags=["scores"])


@router.get("/scores")
def scores(
    name: str,
    backend: BackendDependency,
    *,
    metric: Annotated[list[str], Query(min_length=1, max_length=MAX_METRICS)],
    since: RequestTime | None = None,
    until: RequestTime | None = None,
    resolution: Resolution | None = None,
    points: Annotated[int, Query(ge=10, le=MAX_POINTS)] = MAX_POINTS,
) -> ScoresAnswer:
    """Return metrics over time: by default the last ten minutes, at the finest resolution that fits."""
    find_camera(backend, name)
    range = _requested_range(backend, since, until, resolution)
    unknown = [key for key in metric if key not in backend.metrics]
    if unknown:
        raise HTTPException(422, f"metric: there is no metric '{unknown[0]}'; /api/v1/metrics lists them")
    histories = {key: _read_history(backend, name, key, range) for key in dict.fromkeys(metric)}
    return ScoresAnswer(
        name=name,
        since=range.since,
        until=range.until,
        resolution=range.resolution,
        thinned=any(len(series) > points for series in histories.values()),
        series={
            key: [PointAnswer.model_validate(point) for point in thin_points(series, points)]
            for key, series in histories.items()
        },
    )


@router.get("/verdicts")
def verdicts(
    name: str, backend: BackendDependency, since: RequestTime | None = None, until: RequestTime | None = None
) -> list[ChangeAnswer]:
    """Return how verdicts changed, oldest first, at most the latest 1000: the last ten minutes by default."""
    find_camera(backend, name)
    range = _requested_range(backend, since, until, Resolution.HOUR)
    changes = backend.score_store.verdict_changes(name, range.since, range.until)[-_MAX_CHANGES:]
    return [ChangeAnswer(**dict(verdict_answer(change.verdict)), at=change.at) for change in changes]


@router.get("/timeline")
def timeline(
    name: str, backend: BackendDependency, since: RequestTime | None = None, until: RequestTime | None = None
) -> TimelineAnswer:
    """Return the camera's state and light over time, oldest first: the last ten minutes by default, a year at most.

    What is between two spans was not recorded. `complete` is false where the stretch has more than 2000 spans and
    only the latest are here.
    """
    find_camera(backend, name)
    range = _requested_range(backend, since, until, None)
    if range.until - range.since > MAX_TIMELINE:
        raise HTTPException(422, f"at most {MAX_TIMELINE.days} days of states can be asked for at once")
    spans = backend.score_store.verdict_spans(name, range.since, range.until, limit=MAX_SPANS_SHOWN + 1)
    return TimelineAnswer(
        name=name,
        since=range.since,
        until=range.until,
        complete=len(spans) <= MAX_SPANS_SHOWN,
        spans=[span_answer(span) for span in spans[-MAX_SPANS_SHOWN:]],
    )


def _requested_range(
    backend: Backend, since: datetime | None, until: datetime | None, resolution: Resolution | None
) -> TimeRange:
    try:
        return choose_time_range(since, until, resolution, backend.clock.now())
    except RangeRefused as refused:
        raise HTTPException(422, str(refused)) from refused


def _read_history(backend: Backend, name: str, metric: str, range: TimeRange) -> Sequence[ScorePoint]:
    return backend.score_store.history(name, metric, range.since, range.until, range.resolution)
