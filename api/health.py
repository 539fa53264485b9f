"""Is the process alive, and is it doing its job? Neither says yes out of politeness."""

from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse

from api.backend import Backend, Ports
from api.board import Board, board
from api.standing import CameraState
from domain.urls import redacted

router = APIRouter(tags=["health"])


class ReadyAnswer(BaseModel):
    """`parts` maps each part to "ok" or what is wrong with it."""

    ready: bool
    parts: dict[str, str]


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process answers; nothing more is meant by it."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"model": ReadyAnswer}})
def readyz(backend: Ports) -> JSONResponse:
    """Say whether cameras are watched now: the store answers, every part is well, and judgements arrive."""
    parts = readiness(backend)
    ready = all(why == "" for why in parts.values())
    answer = ReadyAnswer(ready=ready, parts={part: redacted(why) or "ok" for part, why in parts.items()})
    return JSONResponse(answer.model_dump(), status_code=200 if ready else 503)


def readiness(backend: Backend) -> Mapping[str, str]:
    """Return each part with "" or why it is not ready."""
    now = board(backend)
    return {**backend.health(), "store": now.store, "watching": watching(now)}


def watching(now: Board) -> str:
    """Return why no camera is watched although some should be, or ""."""
    wanted = [place for place in now.places if place.standing.state is not CameraState.OFF]
    unknown = [place for place in wanted if place.standing.state is CameraState.UNKNOWN]
    if not wanted or len(unknown) < len(wanted):
        return ""
    return f"nothing is known of any of the {len(wanted)} cameras: {unknown[0].standing.reason}"
