"""Cameras: all of them worst first, one in detail, and what was judged last about it."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import (
    CameraAnswer,
    CameraDetailAnswer,
    CamerasAnswer,
    LatestAnswer,
    PlanAnswer,
    ReferenceAnswer,
    SessionAnswer,
    camera_answer,
    counters_answer,
    verdict_answer,
)
from api.backend import Backend, Ports
from api.board import Board, Place, board, place
from api.problems import no_camera
from api.standing import CameraState
from domain.quality import Reference
from domain.records import StreamSession
from domain.streams import Camera
from domain.urls import redacted, shown

MOST_CAMERAS = 1000
_SESSIONS = 10

router = APIRouter(prefix="/cameras", tags=["cameras"])


@router.get("")
def cameras(
    backend: Ports,
    *,
    site: str | None = None,
    group: str | None = None,
    state: CameraState | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_CAMERAS)] = MOST_CAMERAS,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> CamerasAnswer:
    """Return the cameras as they stand now, worst first."""
    now = board(backend)
    found = [
        each
        for each in now.places
        if (site is None or each.camera.site == site)
        and (group is None or each.camera.group == group)
        and (state is None or each.standing.state is state)
    ]
    return cameras_answer(now, found[offset : offset + limit])


def cameras_answer(now: Board, places: list[Place]) -> CamerasAnswer:
    answers = [place_answer(each, now) for each in places]
    return CamerasAnswer(
        now=now.now, counts=dict(now.counts), cameras=answers, store=redacted(now.store), live=redacted(now.live)
    )


def place_answer(each: Place, now: Board) -> CameraAnswer:
    return camera_answer(each.camera, each.standing, each.snapshot, now.now)


def known_camera(backend: Backend, name: str) -> Camera:
    """Return a camera of the roster or refuse with 404."""
    camera = backend.roster.listing().cameras.get(name)
    if camera is None:
        raise no_camera(name)
    return camera


def current(backend: Backend, name: str) -> Place:
    camera = known_camera(backend, name)
    return place(camera, backend.presence.of([name]), backend.clock.now())


@router.get("/{name}")
def camera(name: str, backend: Ports) -> CameraDetailAnswer:
    """Return one camera with its settings, counters, references and latest connections."""
    each = current(backend, name)
    subject, plan = each.camera, each.camera.plan
    status = each.snapshot.status if each.snapshot is not None else None
    summary = camera_answer(subject, each.standing, each.snapshot, backend.clock.now())
    return CameraDetailAnswer(
        **dict(summary),
        address=shown(subject.url),
        enabled=subject.enabled,
        plan=PlanAnswer(mode=plan.mode, interval_s=plan.interval_s, judge_s=plan.judge_s, every_s=plan.every_s),
        ptz=subject.ptz,
        lit_at_night=subject.lit_at_night,
        analogue=subject.analogue,
        masks=len(subject.masks),
        accepted_at=subject.accepted_at,
        accepted_by=subject.accepted_by,
        counters=None if status is None or each.stored else counters_answer(status.counters),
        references=[_reference_answer(reference) for reference in backend.alert_store.references(name)],
        sessions=[_session_answer(session) for session in backend.stream_store.sessions(name, limit=_SESSIONS)],
    )


@router.get("/{name}/latest")
def latest(name: str, backend: Ports) -> LatestAnswer:
    """Return every verdict and score of the last judgement; nothing where it is not known."""
    snapshot = current(backend, name).snapshot
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


def _reference_answer(reference: Reference) -> ReferenceAnswer:
    return ReferenceAnswer(
        mode=reference.mode,
        state=reference.state,
        frames=reference.frames,
        updated_at=reference.updated_at,
        reason=reference.reason,
        accepted_by=reference.accepted_by,
        normal={metric: (found.low, found.high) for metric, found in reference.statistics.items()},
    )


def _session_answer(session: StreamSession) -> SessionAnswer:
    return SessionAnswer(
        session_id=session.session_id,
        started_at=session.started_at,
        last_seen_at=session.last_seen_at,
        state=session.state,
        reason=redacted(session.reason),
        frames_offered=session.frames_offered,
        frames_dropped=session.frames_dropped,
    )
