"""Server-sent events for the page: what changed on the board, about once a second.

The board is asked rather than subscribed to, because much of what a page must show is published by nobody: a camera
that fell silent, one that was retired, a store that went away.
"""

import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.answers import CameraAnswer, IncidentAnswer, Time, incident_answer
from api.backend import Backend
from api.board import board
from api.cameras import place_answer
from api.pages import Pages
from api.problems import problem
from api.standing import CameraState
from domain.alerts import IncidentState
from domain.errors import StoreUnavailable
from domain.urls import redacted

EVERY_S = 1.0
LIFE_S = 3600.0
"""A stream ends after so long; the page connects again, shows its cookie again and gets a fresh one."""
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
    """What one page was sent so far: hashes to compare with, for the text of many cameras and pages is large."""

    cameras: dict[str, int] = field(default_factory=dict)
    incidents: int = hash(())


@dataclass(frozen=True, slots=True)
class Look:
    """What is true for every page at one moment; `hashes` are those of its cameras, by name."""

    now: datetime
    counts: Mapping[CameraState, int]
    cameras: Sequence[CameraAnswer]
    hashes: dict[str, int]
    incidents: list[IncidentAnswer] | None
    incidents_hash: int
    store: str
    live: str


def look(backend: Backend) -> Look:
    """Ask the board and the store."""
    now = board(backend)
    cameras = [place_answer(each, now) for each in now.places]
    incidents, away = _incidents(backend)
    return Look(
        now=now.now,
        counts=now.counts,
        cameras=cameras,
        hashes={camera.name: hash(camera.model_dump_json(exclude={"age_s"})) for camera in cameras},
        incidents=incidents,
        incidents_hash=hash(tuple(incident.model_dump_json() for incident in incidents or ())),
        store=redacted(now.store or away),
        live=redacted(now.live),
    )


class SharedLook:
    """One look for all pages, at most half a second old: fifty of them cost no more than one. Shared by threads."""

    def __init__(self, take: Callable[[], Look], *, max_age_s: float = EVERY_S / 2) -> None:
        self._take = take
        self._max_age_s = max_age_s
        self._lock = threading.Lock()
        self._taken: tuple[float, Look] | None = None

    def __call__(self) -> Look:
        with self._lock:
            if self._taken is None or time.monotonic() - self._taken[0] >= self._max_age_s:
                self._taken = time.monotonic(), self._take()
            return self._taken[1]


def news(backend: Backend, shown: Shown) -> LiveAnswer:
    """Return what changed since `shown`, and note it there."""
    return changes(look(backend), shown)


def changes(seen: Look, shown: Shown) -> LiveAnswer:
    """Return in what `seen` differs from `shown`, and note it there."""
    removed = sorted(shown.cameras.keys() - seen.hashes.keys())
    changed = [camera for camera in seen.cameras if shown.cameras.get(camera.name) != seen.hashes[camera.name]]
    shown.cameras = seen.hashes
    incidents = seen.incidents if seen.incidents_hash != shown.incidents else None
    if seen.incidents is not None:
        shown.incidents = seen.incidents_hash
    return LiveAnswer(
        now=seen.now,
        counts=dict(seen.counts),
        order=[camera.name for camera in seen.cameras],
        cameras=changed,
        removed=removed,
        incidents=incidents,
        store=seen.store,
        live=seen.live,
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
    life_s: float = LIFE_S,
) -> AsyncIterator[str]:
    """Yield server-sent events until the page is gone, the process stops, or `life_s` is over."""
    ends = time.monotonic() + life_s
    yield "retry: 2000\n\n"
    while time.monotonic() < ends and not stopping.is_set() and not await gone():
        answer = await anyio.to_thread.run_sync(step)
        yield f"event: board\ndata: {answer.model_dump_json()}\n\n"
        await anyio.sleep(every_s)


class LiveResponse(StreamingResponse):
    """A stream that has its place among the pages from its first byte to its last, however it ends."""

    def __init__(self, events: AsyncIterator[str], pages: Pages, client: str) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._pages = pages
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._pages.take(self._client)
        if refusal:
            await problem(503, refusal, {"Retry-After": "10"})(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._pages.give_back(self._client)


@router.get("/live", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def live(request: Request) -> StreamingResponse:
    """Stream `board` events (`LiveAnswer` as JSON): all cameras first, then about once a second what changed."""
    state, shown = request.app.state, Shown()
    told = events(
        lambda: changes(state.look(), shown), stopping=state.stopping, gone=request.is_disconnected, every_s=EVERY_S
    )
    return LiveResponse(told, state.pages, request.client.host if request.client is not None else "")
