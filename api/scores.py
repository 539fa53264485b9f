"""Scores and verdicts over time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from api.answers import ChangeAnswer, PointAnswer, ScoresAnswer, verdict_answer
from api.backend import Backend, Ports
from api.cameras import known_camera
from api.history import RangeRefused, Stretch, stretch, thinned
from api.times import Moment
from domain.records import Resolution, ScorePoint

MOST_METRICS = 64
MOST_POINTS = 2000
_MOST_CHANGES = 1000

router = APIRouter(prefix="/cameras/{name}", tags=["scores"])


@router.get("/scores")
def scores(
    name: str,
    backend: Ports,
    *,
    metric: Annotated[list[str], Query(min_length=1, max_length=MOST_METRICS)],
    since: Moment | None = None,
    until: Moment | None = None,
    resolution: Resolution | None = None,
    points: Annotated[int, Query(ge=10, le=MOST_POINTS)] = MOST_POINTS,
) -> ScoresAnswer:
    """Return metrics over time: by default the last ten minutes, at the finest resolution that fits."""
    known_camera(backend, name)
    asked = _asked(backend, since, until, resolution)
    unknown = [key for key in metric if key not in backend.metrics]
    if unknown:
        raise HTTPException(422, f"metric: there is no metric '{unknown[0]}'; /api/v1/metrics lists them")
    found = {key: _history(backend, name, key, asked) for key in dict.fromkeys(metric)}
    return ScoresAnswer(
        name=name,
        since=asked.since,
        until=asked.until,
        resolution=asked.resolution,
        thinned=any(len(series) > points for series in found.values()),
        series={key: [_point(point) for point in thinned(series, points)] for key, series in found.items()},
    )


@router.get("/verdicts")
def verdicts(name: str, backend: Ports, since: Moment | None = None, until: Moment | None = None) -> list[ChangeAnswer]:
    """Return how verdicts changed, oldest first, at most the latest 1000: the last ten minutes by default."""
    known_camera(backend, name)
    asked = _asked(backend, since, until, Resolution.HOUR)
    changes = backend.score_store.verdict_changes(name, asked.since, asked.until)[-_MOST_CHANGES:]
    return [ChangeAnswer(**dict(verdict_answer(change.verdict)), at=change.at) for change in changes]


def _asked(backend: Backend, since: datetime | None, until: datetime | None, resolution: Resolution | None) -> Stretch:
    try:
        return stretch(since, until, resolution, backend.clock.now())
    except RangeRefused as refused:
        raise HTTPException(422, str(refused)) from refused


def _history(backend: Backend, name: str, metric: str, asked: Stretch) -> Sequence[ScorePoint]:
    return backend.score_store.history(name, metric, asked.since, asked.until, asked.resolution)


def _point(point: ScorePoint) -> PointAnswer:
    return PointAnswer(at=point.at, mean=point.mean, low=point.low, high=point.high, count=point.count)
