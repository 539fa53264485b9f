"""Cameras: all of them worst first, one in detail, and its last verdicts and scores."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.backend import Backend
from api.camera_rows import CameraRow
from api.camera_status import CameraState
from api.error_responses import camera_not_found
from api.overview import Overview, read_overview
from api.request_context import BackendDependency
from api.schemas.cameras import (
    CameraAnswer,
    CameraDetailAnswer,
    CamerasAnswer,
    CountersAnswer,
    LatestAnswer,
    PlanAnswer,
    ReferenceAnswer,
    SessionAnswer,
    camera_answer,
)
from api.schemas.values import verdict_answer
from domain.baselines import CameraBaseline
from domain.cameras import Camera
from domain.text.camera_urls import redact_text, redact_url

MAX_CAMERAS = 1000
_SESSIONS_SHOWN = 10

router = APIRouter(prefix="/cameras", tags=["cameras"])


@router.get("")
def cameras(
    backend: BackendDependency,
    *,
    site: str | None = None,
    group: str | None = None,
    tag: str | None = None,
    state: CameraState | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_CAMERAS)] = MAX_CAMERAS,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> CamerasAnswer:
    """Return the cameras as they stand now, worst first."""
    now = read_overview(backend)
    rows = [
        each
        for each in now.rows
        if (site is None or each.camera.site == site)
        and (group is None or each.camera.group == group)
        and (tag is None or tag in each.camera.tags)
        and (state is None or each.status.state is state)
    ]
    return cameras_answer(now, rows[offset : offset + limit])


def cameras_answer(now: Overview, rows: list[CameraRow]) -> CamerasAnswer:
    answers = [row_answer(each, now) for each in rows]
    return CamerasAnswer(
        now=now.now, counts=dict(now.counts), cameras=answers, store=redact_text(now.store), live=redact_text(now.live)
    )


def row_answer(each: CameraRow, now: Overview) -> CameraAnswer:
    """Return the answer about a row; all but the age of its last frame is made once for each row."""
    answer: CameraAnswer | None = each.memo.get("answer")
    if answer is None:
        answer = each.memo["answer"] = camera_answer(each.camera, each.status, each.snapshot, now.now)
    last = answer.last_frame_at
    age_s = None if last is None else max(0.0, (now.now - last).total_seconds())
    return answer.model_copy(update={"age_s": age_s})


def find_camera(backend: Backend, name: str) -> Camera:
    """Return a camera or refuse with 404."""
    camera = backend.camera_cache.read().cameras.get(name)
    if camera is None:
        raise camera_not_found(name)
    return camera


def current_row(backend: Backend, name: str) -> CameraRow:
    camera = find_camera(backend, name)
    return backend.rows.read(camera, backend.live_snapshots.read([name]), backend.clock.now())


@router.get("/{name}")
def camera(name: str, backend: BackendDependency) -> CameraDetailAnswer:
    """Return one camera with its settings, counters, baselines and latest connections."""
    each = current_row(backend, name)
    subject = each.camera
    status = each.snapshot.status if each.snapshot is not None else None
    summary = camera_answer(subject, each.status, each.snapshot, backend.clock.now())
    return CameraDetailAnswer(
        **dict(summary),
        address=redact_url(subject.url),
        enabled=subject.enabled,
        plan=PlanAnswer.model_validate(subject.plan),
        ptz=subject.ptz,
        lit_at_night=subject.lit_at_night,
        analogue=subject.analogue,
        masks=len(subject.masks),
        learning_until=each.snapshot.learning_until if each.snapshot is not None else None,
        accepted_at=subject.accepted_at,
        accepted_by=subject.accepted_by,
        counters=None if status is None or each.stored else CountersAnswer.model_validate(status.counters),
        references=[_baseline_answer(baseline) for baseline in backend.alert_store.baselines(name)],
        sessions=[
            SessionAnswer.model_validate(session)
            for session in backend.stream_store.sessions(name, limit=_SESSIONS_SHOWN)
        ],
    )


@router.get("/{name}/latest")
def latest(name: str, backend: BackendDependency) -> LatestAnswer:
    """Return every verdict and score of the last judgement; nothing where it is not known."""
    snapshot = current_row(backend, name).snapshot
    if snapshot is None:
        return LatestAnswer(
            name=name,
            known=False,
            judged_at=None,
            mode=None,
            settling=False,
            verdicts=[],
            scores={},
            measured_at={},
        )
    return LatestAnswer(
        name=name,
        known=True,
        judged_at=snapshot.at,
        mode=snapshot.mode,
        settling=snapshot.settling,
        verdicts=[verdict_answer(verdict) for verdict in snapshot.verdicts],
        scores=dict(snapshot.values),
        measured_at=dict(snapshot.measured_at),
    )


def _baseline_answer(baseline: CameraBaseline) -> ReferenceAnswer:
    return ReferenceAnswer(
        mode=baseline.mode,
        state=baseline.state,
        frames=baseline.frames,
        updated_at=baseline.updated_at,
        reason=baseline.reason,
        accepted_by=baseline.accepted_by,
        normal={metric: (statistic.low, statistic.high) for metric, statistic in baseline.statistics.items()},
    )
