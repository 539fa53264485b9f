"""Cameras that stand out among those of their site, for as long as their own baseline is being learned."""

from fastapi import APIRouter
from pydantic import BaseModel

from api.request_context import BackendDependency
from api.site_comparison import find_standouts
from domain.faults import Fault

router = APIRouter(tags=["cameras"])


class StandOutAnswer(BaseModel):
    """`faults` has the likeliest cause first; `reason` says what the camera shows, with its numbers."""

    camera: str
    site: str
    faults: list[Fault]
    reason: str


@router.get("/site-comparison")
def site_comparison(backend: BackendDependency) -> list[StandOutAnswer]:
    """Return cameras without a learned baseline that stand out among the site's other cameras in the same light now.

    A site needs eight cameras that are judged. It raises no alert: it says where to look on the first day.
    """
    cameras = backend.camera_cache.read().cameras
    known = backend.live_snapshots.read(list(cameras)).snapshots
    standouts = find_standouts(cameras, known, backend.clock.now(), backend.metrics)
    return [
        StandOutAnswer(camera=one.camera, site=one.site, faults=list(one.faults), reason=one.reason)
        for one in standouts
    ]
