import json
import threading
import zlib
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest

from api.routes import live_events
from api.routes.live_events import (
    LiveAnswer,
    PageState,
    SentState,
    SharedPageState,
    changes_since,
    compress_events,
    event_stream,
    read_page_state,
)
from api.security.client_limits import MAX_LIVE_STREAMS, MAX_LIVE_STREAMS_PER_CLIENT
from domain.cameras import Camera
from domain.errors import StoreUnavailable
from tests.unit.api.conftest import make_app, serve_app
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

GATE = Camera("gate", "rtsp://h/1")


@pytest.fixture
def told(stage: SampleCameras) -> "PageReader":
    return PageReader(stage)


class PageReader:
    """What one page is told, step by step."""

    def __init__(self, stage: SampleCameras) -> None:
        self._backend = make_app(stage).state.backend
        self._shown = SentState()

    def next(self) -> LiveAnswer:
        return changes_since(read_page_state(self._backend), self._shown)


def test_everything_is_sent_first_and_then_only_what_changed(stage: SampleCameras, told: PageReader) -> None:
    stage.healthy(GATE)
    stage.healthy(Camera("yard", "rtsp://h/2"))
    first = told.next()
    assert [camera.name for camera in first.cameras] == ["gate", "yard"]
    assert first.incidents is None
    assert told.next().cameras == []
    stage.failing(Camera("yard", "rtsp://h/2"), blur_verdict())
    after = told.next()
    assert [camera.name for camera in after.cameras] == ["yard"]
    assert after.order == ["yard", "gate"]
    assert [incident.camera for incident in after.incidents or []] == ["yard"]
    assert told.next().incidents is None


def test_silence_is_reported_though_nobody_published_it(stage: SampleCameras, told: PageReader) -> None:
    stage.healthy(GATE)
    told.next()
    stage.live.expire()
    assert [camera.state for camera in told.next().cameras] == ["unknown"]


def test_a_retired_camera_is_reported_by_name(stage: SampleCameras, told: PageReader) -> None:
    stage.healthy(GATE)
    told.next()
    stage.streams.remove_camera("gate", by="test", at=stage.clock.now())
    after = told.next()
    assert (after.removed, after.order) == (["gate"], [])


def test_an_acknowledgement_is_reported(stage: SampleCameras, told: PageReader) -> None:
    incident = stage.failing(GATE, blur_verdict())
    told.next()
    stage.alerts.acknowledge(incident.incident_id, by="Ada", reason="", at=stage.clock.now())
    assert [each.acknowledged_by for each in told.next().incidents or []] == ["Ada"]


def test_a_store_that_is_away_is_reported_and_the_cameras_stay(
    stage: SampleCameras, told: PageReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.failing(GATE, blur_verdict())
    told.next()

    def away(**_: object) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(stage.alerts, "incidents", away)
    after = told.next()
    assert (after.store, after.order, after.incidents) == ("the disk is full", ["gate"], None)


def test_events_end_when_the_process_stops(stage: SampleCameras, told: PageReader) -> None:
    stopping = threading.Event()

    async def has_left() -> bool:
        return False

    async def collected() -> list[bytes]:
        found = []
        async for event in event_stream(told.next, stopping=stopping, has_left=has_left, every_s=0):
            found.append(event)
            if len(found) == 3:
                stopping.set()
        return found

    found = anyio.run(collected)
    assert found[0] == b"retry: 2000\n\n"
    assert found[1].startswith(b"event: board\ndata: {")
    assert len(found) == 3


def test_each_event_can_be_read_as_soon_as_it_is_compressed() -> None:
    encode, reader = compress_events(), zlib.decompressobj(16 + zlib.MAX_WBITS)
    events = [f"event: board\ndata: {number} {'same ' * 5000}\n\n" for number in range(3)]
    packed = [encode(event) for event in events]
    assert [reader.decompress(each).decode() for each in packed] == events
    assert sum(map(len, packed)) < 2000


@pytest.mark.parametrize(("accepted", "coding"), [("gzip", "gzip"), ("identity", None), ("gzip;q=0", None)])
def test_a_stream_is_compressed_for_whoever_takes_it(stage: SampleCameras, accepted: str, coding: str | None) -> None:
    stage.healthy(GATE)
    with (
        serve_app(make_app(stage)) as address,
        httpx.Client(timeout=60, trust_env=False, headers={"Accept-Encoding": accepted}) as client,
        client.stream("GET", f"{address}/api/v1/live") as answer,
    ):
        assert answer.headers.get("content-encoding") == coding
        assert answer.headers["vary"] == "Accept-Encoding"
        (news,) = (line for _, line in zip(range(4), answer.iter_lines(), strict=False) if line.startswith("data: "))
        assert json.loads(news.removeprefix("data: "))["order"] == ["gate"]


def test_a_stream_ends_after_its_life_so_that_the_page_shows_its_cookie_again(told: PageReader) -> None:
    async def has_left() -> bool:
        return False

    async def collected() -> list[bytes]:
        stopping = threading.Event()
        return [
            event
            async for event in event_stream(told.next, stopping=stopping, has_left=has_left, every_s=0.01, life_s=0.2)
        ]

    assert len(anyio.run(collected)) >= 2


def test_many_pages_ask_the_board_no_more_often_than_one(stage: SampleCameras) -> None:
    stage.healthy(GATE)
    backend, asked = make_app(stage).state.backend, []

    def take() -> PageState:
        asked.append(1)
        return read_page_state(backend)

    shared = SharedPageState(take, max_age_s=3600)
    pages = [SentState() for _ in range(50)]
    for page in pages:
        assert [camera.name for camera in changes_since(shared(), page).cameras] == ["gate"]
        assert changes_since(shared(), page).cameras == []
    assert len(asked) == 1
    assert SharedPageState(take, max_age_s=0)() is not shared()


def test_a_page_is_served_live_over_a_real_connection(stage: SampleCameras, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_events, "UPDATE_INTERVAL_S", 0.05)
    snapshot = stage.healthy(GATE)
    app = make_app(stage)
    with (
        serve_app(app) as address,
        httpx.stream("GET", f"{address}/api/v1/live", timeout=60, trust_env=False) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert _next_board(lines)["cameras"][0]["state"] == "ok"
        stage.live.put(replace(snapshot, verdicts=(blur_verdict(),)))
        seen = _next_board(lines)
        while not seen["cameras"]:
            seen = _next_board(lines)
        assert seen["cameras"][0]["state"] == "suspected"
        assert app.state.pages.open == 1


def test_too_many_pages_are_refused_with_the_reason(stage: SampleCameras) -> None:
    app = make_app(stage)
    for page in range(MAX_LIVE_STREAMS):
        assert app.state.pages.acquire_slot(f"10.0.0.{page}") == ""
    with serve_app(app) as address:
        answer = httpx.get(f"{address}/api/v1/live", trust_env=False)
    assert (answer.status_code, answer.json()["error"]) == (503, f"{MAX_LIVE_STREAMS} pages are open already")


def test_one_client_cannot_take_the_places_of_all(stage: SampleCameras) -> None:
    app = make_app(stage)
    for _ in range(MAX_LIVE_STREAMS_PER_CLIENT):
        assert app.state.pages.acquire_slot("127.0.0.1") == ""
    with serve_app(app) as address:
        answer = httpx.get(f"{address}/api/v1/live", trust_env=False)
    assert answer.status_code == 503
    assert "api.trusted_proxies" in answer.json()["error"]
    assert app.state.pages.acquire_slot("10.0.0.1") == ""


def _next_board(lines: Any) -> dict[str, Any]:
    for line in lines:
        if line.startswith("data: "):
            board: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return board
    raise AssertionError("the stream ended")
