"""Server-sent events for the page: what changed in the overview, about once a second.

The overview is read once a second, because no event announces much of what a page must show: a camera that fell
silent, one that was retired, a store that went away.
"""

import threading
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.backend import Backend
from api.camera_rows import CameraRow
from api.camera_status import CameraState
from api.content_coding import accepts_gzip
from api.error_responses import error_response
from api.overview import read_overview
from api.request_context import identity_of_request
from api.routes.cameras import row_answer
from api.schemas.cameras import CameraAnswer
from api.schemas.incidents import IncidentAnswer, incident_answer
from api.schemas.values import Time
from api.scoped_backend import scope_backend
from api.security.client_limits import LiveStreamLimit
from api.security.kiosk import KioskLink
from api.security.request_guard import KIOSK_SCOPE
from domain.access import AccessScope
from domain.alerts import IncidentState
from domain.errors import StoreUnavailable
from domain.text.camera_urls import redact_text

UPDATE_INTERVAL_S = 1.0
MAX_STREAM_S = 3600.0
"""A stream ends after this long; the page connects again, shows its cookie again and gets a fresh one."""
_OPEN_INCIDENTS = 100
_RECENT_INCIDENTS = 20

router = APIRouter(tags=["live"])


class LiveAnswer(BaseModel):
    """One event: the cameras that changed since the event before, and the names of those that are gone.

    `order` lists every camera, worst first. `incidents` is null while unchanged. `store` and `live` are "" or why the
    database or the live state is unavailable, `shadow` "" or where shadow mode is on.
    """

    now: Time
    counts: dict[CameraState, int]
    """Cameras in each state."""
    order: list[str]
    cameras: list[CameraAnswer]
    """Those that changed since the event before."""
    removed: list[str]
    """Names of cameras that are gone."""
    incidents: list[IncidentAnswer] | None
    store: str
    live: str
    shadow: str = ""


@dataclass
class SentState:
    """What one page was sent so far: hashes to compare with, for the text of many cameras and pages is large."""

    cameras: dict[str, int] = field(default_factory=dict)
    incidents: int = hash(())


@dataclass(frozen=True, slots=True)
class PageState:
    """What is true for every page at one moment; `hashes` are those of its cameras, by name."""

    now: datetime
    counts: Mapping[CameraState, int]
    cameras: Sequence[CameraAnswer]
    hashes: dict[str, int]
    incidents: list[IncidentAnswer] | None
    """None where the store is unavailable."""
    incidents_hash: int
    store: str
    """"" or why the store is unavailable; `live` likewise for the live state."""
    live: str
    shadow: str = ""
    """"" or where shadow mode is on."""


def read_page_state(backend: Backend) -> PageState:
    """Read the overview and the incidents."""
    now = read_overview(backend)
    cameras = [row_answer(each, now) for each in now.rows]
    incidents, outage = _read_incidents(backend)
    return PageState(
        now=now.now,
        counts=now.counts,
        cameras=cameras,
        hashes={row.camera.name: _hash_of(row, camera) for row, camera in zip(now.rows, cameras, strict=True)},
        incidents=incidents,
        incidents_hash=_incidents_hash(incidents),
        store=redact_text(now.store or outage),
        live=redact_text(now.live),
        shadow=backend.services.shadow.scope.sentence(),
    )


def _hash_of(row: CameraRow, answer: CameraAnswer) -> int:
    """Return what changes with anything that is said of a camera but the age of its last frame."""
    if "hash" not in row.memo:
        row.memo["hash"] = hash(answer.model_dump_json(exclude={"age_s"}))
    return int(row.memo["hash"])


class SharedPageState:
    """One state for all pages, at most half a second old: fifty pages cost no more than one. Shared by threads."""

    def __init__(self, take: Callable[[], PageState], *, max_age_s: float = UPDATE_INTERVAL_S / 2) -> None:
        self._take = take
        self._max_age_s = max_age_s
        self._lock = threading.Lock()
        self._taken: tuple[float, PageState] | None = None

    def __call__(self) -> PageState:
        with self._lock:
            if self._taken is None or time.monotonic() - self._taken[0] >= self._max_age_s:
                self._taken = time.monotonic(), self._take()
            return self._taken[1]


def only_site(seen: PageState, site: str | None) -> PageState:
    """Return what is true of one site alone, as if there were no other; everything where `site` is None."""
    if site is None:
        return seen
    cameras = [camera for camera in seen.cameras if camera.site == site]
    names = {camera.name for camera in cameras}
    incidents = [
        incident
        for incident in seen.incidents or ()
        if (set(incident.members) or {incident.camera}) <= names  # a group incident names cameras of other sites
    ]
    found = Counter(camera.state for camera in cameras)
    return replace(
        seen,
        counts={state: found[state] for state in CameraState},
        cameras=cameras,
        hashes={name: seen.hashes[name] for name in names},
        incidents=None if seen.incidents is None else incidents,
    )


def only_visible(seen: PageState, backend: Backend, scope: AccessScope) -> PageState:
    """Return what somebody sees of it: `backend` is the one of this scope, and gives the incidents."""
    if scope.is_unrestricted:
        return seen
    cameras = [camera for camera in seen.cameras if scope.sees(camera.name, camera.site)]
    found = Counter(camera.state for camera in cameras)
    incidents, outage = _read_incidents(backend)
    return replace(
        seen,
        counts={state: found[state] for state in CameraState},
        cameras=cameras,
        hashes={camera.name: seen.hashes[camera.name] for camera in cameras},
        incidents=incidents,
        incidents_hash=_incidents_hash(incidents),
        store=redact_text(seen.store or outage),
        shadow=backend.services.shadow.scope.sentence(),
    )


def _incidents_hash(incidents: Sequence[IncidentAnswer] | None) -> int:
    return hash(tuple(incident.model_dump_json() for incident in incidents or ()))


def changes_since(state: PageState, sent: SentState) -> LiveAnswer:
    """Return in what `state` differs from `sent`, and note it there."""
    removed = sorted(sent.cameras.keys() - state.hashes.keys())
    changed = [camera for camera in state.cameras if sent.cameras.get(camera.name) != state.hashes[camera.name]]
    sent.cameras = state.hashes
    incidents = state.incidents if state.incidents_hash != sent.incidents else None
    if state.incidents is not None:
        sent.incidents = state.incidents_hash
    return LiveAnswer(
        now=state.now,
        counts=dict(state.counts),
        order=[camera.name for camera in state.cameras],
        cameras=changed,
        removed=removed,
        incidents=incidents,
        store=state.store,
        live=state.live,
        shadow=state.shadow,
    )


def _read_incidents(backend: Backend) -> tuple[list[IncidentAnswer] | None, str]:
    """Return the open incidents and the last few resolved ones, or None and why the store is unavailable."""
    try:
        still_open = backend.alert_store.incidents(state=IncidentState.OPEN, limit=_OPEN_INCIDENTS)
        resolved = backend.alert_store.incidents(state=IncidentState.RESOLVED, limit=_RECENT_INCIDENTS)
    except StoreUnavailable as error:
        return None, str(error) or "the store is unavailable"
    return [incident_answer(incident) for incident in (*still_open, *resolved)], ""


async def event_stream(
    step: Callable[[], LiveAnswer],
    *,
    stopping: threading.Event,
    has_left: Callable[[], Awaitable[bool]],
    every_s: float,
    life_s: float = MAX_STREAM_S,
    encode: Callable[[str], bytes] = str.encode,
) -> AsyncIterator[bytes]:
    """Yield server-sent events until the page is gone, the process stops, or `life_s` is over."""
    ends = time.monotonic() + life_s
    yield encode("retry: 2000\n\n")

    def next_event() -> bytes:
        return encode(f"event: board\ndata: {step().model_dump_json()}\n\n")

    while time.monotonic() < ends and not stopping.is_set() and not await has_left():
        yield await anyio.to_thread.run_sync(next_event)
        await anyio.sleep(every_s)


def compress_events() -> Callable[[str], bytes]:
    """Return what turns one event after the other into gzip, each whole at once: a wall of a thousand cameras sends
    half a megabyte a second, which few links of a guard's room carry.
    """
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return lambda text: packer.compress(text.encode()) + packer.flush(zlib.Z_SYNC_FLUSH)


class LiveResponse(StreamingResponse):
    """A stream that has its place among the pages from its first byte to its last, however it ends."""

    def __init__(
        self, events: AsyncIterator[bytes], pages: LiveStreamLimit, client: str, *, compressed: bool = False
    ) -> None:
        headers = {"X-Accel-Buffering": "no", "Vary": "Accept-Encoding"}
        headers |= {"Content-Encoding": "gzip"} if compressed else {}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._pages = pages
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._pages.acquire_slot(self._client)
        if refusal:
            await error_response(503, refusal, {"Retry-After": "10"})(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._pages.release_slot(self._client)


def _life_of(link: KioskLink, backend: Backend) -> float:
    """Return how long a stream may last that a link lets in: it ends with the link."""
    return min(MAX_STREAM_S, max(0.0, (link.until - backend.clock.now()).total_seconds()))


@router.get("/live", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def live(request: Request) -> StreamingResponse:
    """Stream `board` events (`LiveAnswer` as JSON): all cameras first, then about once a second what
    changed.
    """
    state, sent = request.app.state, SentState()
    identity, accounts = identity_of_request(request), state.accounts
    link: KioskLink | None = request.scope.get(KIOSK_SCOPE)
    site, life_s = (None, MAX_STREAM_S) if link is None else (link.site, _life_of(link, state.backend))

    def step() -> LiveAnswer:
        accounts.refresh()
        page = only_visible(state.look(), scope_backend(state.backend, identity.scope), identity.scope)
        return changes_since(only_site(page, site), sent)

    async def has_left() -> bool:
        over = link is not None and accounts.is_ended(link.link_id)
        return over or not accounts.holds(identity, state.backend.clock.now()) or await request.is_disconnected()

    compressed = accepts_gzip(request.headers.get("accept-encoding", ""))
    events = event_stream(
        step,
        stopping=state.stopping,
        has_left=has_left,
        every_s=UPDATE_INTERVAL_S,
        life_s=life_s,
        encode=compress_events() if compressed else str.encode,
    )
    client = request.client.host if request.client is not None else ""
    return LiveResponse(events, state.pages, client, compressed=compressed)
