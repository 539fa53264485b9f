"""Server-sent events for the page: what changed on the board, about once a second.

The board is asked rather than subscribed to, because much of what a page must show is published by nobody: a camera
that fell silent, one that was retired, a store that went away.
"""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from api.answers import CameraAnswer, IncidentAnswer, Time, incident_answer
from api.backend import Backend, Ports
from api.board import board
from api.cameras import place_answer
from api.standing import CameraState
from domain.alerts import IncidentState
from domain.errors import StoreUnavailable
from domain.urls import redacted

EVERY_S = 1.0
MOST_PAGES = 50
_OPEN_INCIDENTS = 100
_RECENT_INCIDENTS = 20

router = APIRouter(tags=["live"])


class LiveAnswer(BaseModel):
    """One event: the cameras that changed since the event before, and the names of those that are gone.

    `order` lists every camera, worst first. `incidents` is null while unchanged. `store` and `live` are "" or why the
    database or the live state is away.
    """

    now: Time
    counts: dict[CameraState, int]
    order: list[str]
    cameras: list[CameraAnswer]
    removed: list[str]
    incidents: list[IncidentAnswer] | None
    store: str
    live: str


@dataclass
class Shown:
    """What one page was sent so far, as text to compare with."""

    cameras: dict[str, str] = field(default_factory=dict)
    incidents: str = ""


def news(backend: Backend, shown: Shown) -> LiveAnswer:
    """Return what changed since `shown`, and note it there."""
    now = board(backend)
    answers = [place_answer(each, now) for each in now.places]
    texts = {answer.name: answer.model_dump_json(exclude={"age_s"}) for answer in answers}
    removed = sorted(shown.cameras.keys() - texts.keys())
    changed = [answer for answer in answers if shown.cameras.get(answer.name) != texts[answer.name]]
    shown.cameras = texts
    incidents, away = _incidents(backend)
    listed = "".join(incident.model_dump_json() for incident in incidents) if incidents is not None else ""
    if incidents is not None and listed == shown.incidents:
        incidents = None
    shown.incidents = listed or shown.incidents
    return LiveAnswer(
        now=now.now,
        counts=dict(now.counts),
        order=[answer.name for answer in answers],
        cameras=changed,
        removed=removed,
        incidents=incidents,
        store=redacted(now.store or away),
        live=redacted(now.live),
    )


def _incidents(backend: Backend) -> tuple[list[IncidentAnswer] | None, str]:
    """Return the open incidents and the last few resolved ones, or None and why the store is away."""
    try:
        still_open = backend.alert_store.incidents(state=IncidentState.OPEN, limit=_OPEN_INCIDENTS)
        resolved = backend.alert_store.incidents(state=IncidentState.RESOLVED, limit=_RECENT_INCIDENTS)
    except StoreUnavailable as error:
        return None, str(error) or "the store is away"
    return [incident_answer(incident) for incident in (*still_open, *resolved)], ""


async def events(
    step: Callable[[], LiveAnswer],
    *,
    stopping: threading.Event,
    gone: Callable[[], Awaitable[bool]],
    every_s: float,
) -> AsyncIterator[str]:
    """Yield server-sent events until the page is gone or the process stops."""
    yield "retry: 2000\n\n"
    while not stopping.is_set() and not await gone():
        answer = await anyio.to_thread.run_sync(step)
        yield f"event: board\ndata: {answer.model_dump_json()}\n\n"
        await anyio.sleep(every_s)


@router.get("/live", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def live(request: Request, backend: Ports) -> StreamingResponse:
    """Stream `board` events (`LiveAnswer` as JSON): all cameras first, then about once a second what changed."""
    state = request.app.state
    if state.pages >= MOST_PAGES:
        raise HTTPException(503, f"{MOST_PAGES} pages are open already", {"Retry-After": "10"})
    shown = Shown()

    async def counted() -> AsyncIterator[str]:
        state.pages += 1
        try:
            async for event in events(
                lambda: news(backend, shown),
                stopping=state.stopping,
                gone=request.is_disconnected,
                every_s=EVERY_S,
            ):
                yield event
        finally:
            state.pages -= 1

    return StreamingResponse(counted(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
