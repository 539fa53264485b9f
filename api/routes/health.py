"""Whether the process is alive, and whether it watches its cameras."""

from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse

from api.camera_status import CameraState
from api.overview import Overview, read_overview
from api.request_context import BackendDependency
from domain.text.camera_urls import redact_text

router = APIRouter(tags=["health"])


class ReadyAnswer(BaseModel):
    """`parts` maps each part to "ok" or what is wrong with it; `degraded` names what is missing and not needed."""

    ready: bool
    parts: dict[str, str]
    degraded: dict[str, str]


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process answers; nothing more is meant by it. No thread is waited for: a store may hold them all."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"model": ReadyAnswer}})
def readyz(backend: BackendDependency) -> JSONResponse:
    """Say whether cameras are watched now: the store answers, every part is well, and judgements arrive."""
    now = read_overview(backend)
    parts = {**backend.process.health(), "store": now.store, "watching": unwatched_reason(now)}
    warnings = {**backend.process.warnings(), **({"live": now.live} if now.live else {})}
    answer = ready_answer(parts, warnings)
    return JSONResponse(answer.model_dump(), status_code=200 if answer.ready else 503)


def ready_answer(parts: Mapping[str, str], warnings: Mapping[str, str]) -> ReadyAnswer:
    """Return the answer for parts that are "" or what is wrong with them, without secrets."""
    return ReadyAnswer(
        ready=all(reason == "" for reason in parts.values()),
        parts={part: redact_text(reason) or "ok" for part, reason in parts.items()},
        degraded={subject: redact_text(reason) for subject, reason in warnings.items()},
    )


def unwatched_reason(now: Overview) -> str:
    """Return why no camera is watched although some should be, or ""."""
    enabled = [row for row in now.rows if row.status.state is not CameraState.OFF]
    unknown = [row for row in enabled if row.status.state is CameraState.UNKNOWN]
    if not enabled or len(unknown) < len(enabled):
        return ""
    return f"nothing is known of any of the {len(enabled)} cameras: {unknown[0].status.reason}"
