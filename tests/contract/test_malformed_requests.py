"""Whatever a stranger sends, the API over each store answers in time and in one sentence, and logs no trace of it."""

import json
import logging
import re
import socket
import time
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from api.app import AccessOptions, create_app
from domain.cameras import Camera
from domain.frames import ColorRange, Frame, FrameFormat, FrameRef
from domain.messages import StreamSnapshot
from sightline.web_server.http_server import ApiServer
from tests.contract.conftest import PortStores
from tests.contract.malformed_requests import make_malformed_requests
from tests.fakes.live_state import FakeLiveState
from tests.fakes.ports import START, FakeClock
from tests.unit.api.conftest import reuse_routes
from tests.unit.api.sample_cameras import METRICS

COUNT = 700
DEADLINE_S = 20.0
"""One answer may take so long on a machine that is busy with other tests; a hang takes longer."""


@pytest.fixture(params=["", "a token of some length"], ids=["open", "token"])
def token(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def port(token: str, stores: PortStores) -> Iterator[int]:
    """A server of the API over each store, with a camera and its picture."""
    clock, live = FakeClock(START + timedelta(days=1)), FakeLiveState()
    stores.streams.put_camera(Camera("gate", "rtsp://h/1", site="north"), by="test", at=START)
    live.put(StreamSnapshot("gate", clock.now()))
    picture = FrameFormat(32, 16, "rgb24", ColorRange.FULL)
    live.put_picture(Frame(FrameRef("gate", "s", 1, None, clock.now()), picture, (np.zeros((16, 32, 3), np.uint8),)))
    access = AccessOptions(token=token)
    app = create_app(stores.streams, stores.scores, stores.alerts, live, metrics=METRICS, clock=clock, access=access)
    server = ApiServer(reuse_routes(app), "127.0.0.1", 0)
    server.start()
    yield server.port
    server.stop(10)


def answers(port: int, request: bytes) -> bytes:
    told = b""
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR) if request.count(b"\r\n\r\n") == 0 else None
            while chunk := connection.recv(65536):
                told += chunk
        except (ConnectionResetError, BrokenPipeError):
            pass
    return told


def test_generated_requests_are_answered_in_one_sentence(
    port: int, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    seen: dict[int, int] = {}
    for request in make_malformed_requests(COUNT, seed=20, token=token):
        began = time.monotonic()
        told = answers(port, request)
        assert time.monotonic() - began < DEADLINE_S, request
        for status, body in split(told, request):
            seen[status] = seen.get(status, 0) + 1
            ready = b"/readyz" in request and status == 503
            assert status < 500 or ready, (request, told)
            if status >= 400 and not ready and body:
                assert is_one_sentence(body, request), (request, told)
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert sum(seen.values()) > COUNT * 0.9
    assert len(seen) >= 8


def is_one_sentence(body: bytes, request: bytes) -> bool:
    """Say whether a refusal is one error of JSON, or at an address of the page a short page without what was sent."""
    if body.startswith(b"<!doctype html>"):
        path = request.split(b" ")[1].partition(b"?")[0]
        is_view = path == b"/" or path.startswith((b"/cameras", b"/incidents", b"/reports", b"/kiosk"))
        return is_view and len(body) < 2000 and b"There is no such page" in body
    said = json.loads(body)
    return list(said) == ["error"] and len(said["error"]) < 1100


def split(told: bytes, request: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield status and body of each answer; of chunked ones only the status counts."""
    while told.startswith(b"HTTP/1.1 "):
        head, _, rest = told.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        if status == 100:
            told = rest
            continue
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        size = int(length[1]) if length and not request.startswith(b"HEAD ") else 0
        yield status, rest[:size]
        told = rest[size:]
