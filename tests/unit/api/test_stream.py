import json
import threading
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest

from api import stream
from api.pages import MOST_PAGES, MOST_PAGES_EACH
from api.stream import LiveAnswer, Look, SharedLook, Shown, changes, events, look, news
from domain.errors import StoreUnavailable
from domain.streams import Camera
from tests.unit.api.conftest import served, staged_app
from tests.unit.api.stage import Stage, blurred

GATE = Camera("gate", "rtsp://h/1")


@pytest.fixture
def told(stage: Stage) -> "Told":
    return Told(stage)


class Told:
    """What one page is told, step by step."""

    def __init__(self, stage: Stage) -> None:
        self._backend = staged_app(stage).state.backend
        self._shown = Shown()

    def next(self) -> LiveAnswer:
        return news(self._backend, self._shown)


def test_all_is_told_first_and_then_only_what_changed(stage: Stage, told: Told) -> None:
    stage.healthy(GATE)
    stage.healthy(Camera("yard", "rtsp://h/2"))
    first = told.next()
    assert [camera.name for camera in first.cameras] == ["gate", "yard"]
    assert first.incidents is None
    assert told.next().cameras == []
    stage.failing(Camera("yard", "rtsp://h/2"), blurred())
    after = told.next()
    assert [camera.name for camera in after.cameras] == ["yard"]
    assert after.order == ["yard", "gate"]
    assert [incident.camera for incident in after.incidents or []] == ["yard"]
    assert told.next().incidents is None


def test_silence_is_told_though_nobody_published_it(stage: Stage, told: Told) -> None:
    stage.healthy(GATE)
    told.next()
    stage.live.expire()
    assert [camera.state for camera in told.next().cameras] == ["unknown"]


def test_a_retired_camera_is_told_by_name(stage: Stage, told: Told) -> None:
    stage.healthy(GATE)
    told.next()
    stage.streams.remove_camera("gate", by="test", at=stage.clock.now())
    after = told.next()
    assert (after.removed, after.order) == (["gate"], [])


def test_an_acknowledgement_is_told(stage: Stage, told: Told) -> None:
    incident = stage.failing(GATE, blurred())
    told.next()
    stage.alerts.acknowledge(incident.incident_id, by="Ada", reason="", at=stage.clock.now())
    assert [each.acknowledged_by for each in told.next().incidents or []] == ["Ada"]


def test_a_store_that_is_away_is_told_and_the_cameras_stay(
    stage: Stage, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.failing(GATE, blurred())
    told.next()

    def away(**_: object) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(stage.alerts, "incidents", away)
    after = told.next()
    assert (after.store, after.order, after.incidents) == ("the disk is full", ["gate"], None)


def test_events_end_when_the_process_stops(stage: Stage, told: Told) -> None:
    stopping = threading.Event()

    async def gone() -> bool:
        return False

    async def collected() -> list[str]:
        found = []
        async for event in events(told.next, stopping=stopping, gone=gone, every_s=0):
            found.append(event)
            if len(found) == 3:
                stopping.set()
        return found

    found = anyio.run(collected)
    assert found[0] == "retry: 2000\n\n"
    assert found[1].startswith("event: board\ndata: {")
    assert len(found) == 3


def test_a_stream_ends_after_its_life_so_that_the_page_shows_its_cookie_again(told: Told) -> None:
    async def gone() -> bool:
        return False

    async def collected() -> list[str]:
        stopping = threading.Event()
        return [event async for event in events(told.next, stopping=stopping, gone=gone, every_s=0.01, life_s=0.2)]

    assert len(anyio.run(collected)) >= 2


def test_many_pages_ask_the_board_no_more_often_than_one(stage: Stage) -> None:
    stage.healthy(GATE)
    backend, asked = staged_app(stage).state.backend, []

    def take() -> Look:
        asked.append(1)
        return look(backend)

    shared = SharedLook(take, max_age_s=3600)
    pages = [Shown() for _ in range(50)]
    for page in pages:
        assert [camera.name for camera in changes(shared(), page).cameras] == ["gate"]
        assert changes(shared(), page).cameras == []
    assert len(asked) == 1
    assert SharedLook(take, max_age_s=0)() is not shared()


def test_a_page_is_served_live_over_a_real_connection(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "EVERY_S", 0.05)
    snapshot = stage.healthy(GATE)
    app = staged_app(stage)
    with served(app) as address, httpx.stream("GET", f"{address}/api/v1/live", timeout=10, trust_env=False) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert _next_board(lines)["cameras"][0]["state"] == "ok"
        stage.live.put(replace(snapshot, verdicts=(blurred(),)))
        seen = _next_board(lines)
        while not seen["cameras"]:
            seen = _next_board(lines)
        assert seen["cameras"][0]["state"] == "suspected"
        assert app.state.pages.open == 1


def test_too_many_pages_are_refused_and_told_why(stage: Stage) -> None:
    app = staged_app(stage)
    for page in range(MOST_PAGES):
        assert app.state.pages.take(f"10.0.0.{page}") == ""
    with served(app) as address:
        answer = httpx.get(f"{address}/api/v1/live", trust_env=False)
    assert (answer.status_code, answer.json()["error"]) == (503, f"{MOST_PAGES} pages are open already")


def test_one_client_cannot_take_the_places_of_all(stage: Stage) -> None:
    app = staged_app(stage)
    for _ in range(MOST_PAGES_EACH):
        assert app.state.pages.take("127.0.0.1") == ""
    with served(app) as address:
        answer = httpx.get(f"{address}/api/v1/live", trust_env=False)
    assert answer.status_code == 503
    assert "api.trusted_proxies" in answer.json()["error"]
    assert app.state.pages.take("10.0.0.1") == ""


def _next_board(lines: Any) -> dict[str, Any]:
    for line in lines:
        if line.startswith("data: "):
            board: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return board
    raise AssertionError("the stream ended")
