"""A stranger and a hostile page against the real server of the API: whatever they hold or send, others are answered."""

import gc
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from api.routes import live_events
from api.routes.live_events import LiveResponse, SentState
from api.security.client_limits import MAX_LIVE_STREAMS_PER_CLIENT
from domain.cameras import Camera
from sightline.web_server.connection_table import PeerWait
from sightline.web_server.health_server import HealthServer
from sightline.web_server.http_server import ApiServer, HttpServer
from tests.unit.api.conftest import make_app, wait_for
from tests.unit.api.sample_cameras import SampleCameras
from tests.unit.sightline.web_server.hostile_clients import (
    ask_server,
    connect,
    open_half_requests,
    read_answer,
    reset_connection,
    shorten_deadlines,
)

LIVE = b"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LONG = 60_000


@pytest.fixture
def stage() -> SampleCameras:
    stage = SampleCameras()
    for i in range(30):
        stage.healthy(Camera(f"camera-{i}", "rtsp://h/1"))
    return stage


@pytest.fixture
def server(stage: SampleCameras, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    monkeypatch.setattr(live_events, "UPDATE_INTERVAL_S", 0.05)
    running = ApiServer(make_app(stage), "127.0.0.1", 0)
    running.start()
    yield running
    running.stop(20)


def status(told: bytes) -> int:
    return int(told.split(b" ", 2)[1]) if told.startswith(b"HTTP/1.1 ") else 0


def request(target: bytes = b"/healthz", *headers: bytes, method: bytes = b"GET", body: bytes = b"") -> bytes:
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: 127.0.0.1", *headers]
    if body:
        lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    return b"\r\n".join((*lines, b"", body))


@pytest.mark.parametrize(
    "sent",
    [
        request(b"/" + b"a" * LONG),
        request(b"/api/v1/cameras/" + b"a" * LONG),
        request(b"/api/v1/incidents/" + b"a:" * (LONG // 2)),
        request(b"/" + b"a://" * (LONG // 4)),
        request(b"/" + b"a@" * (LONG // 2)),
        request(b"/static/" + b"%41" * (LONG // 3)),
        request(b"/api/v1/cameras?site=" + b"a" * LONG),
        request(b"/api/v1/cameras?" + b"a&" * (LONG // 2)),
        request(b"/healthz", b"Cookie: " + b"sightline_session=a;" * (LONG // 20)),
        request(b"/healthz", b'Cookie: x="' + b"\\" * LONG),
        request(b"/healthz", b"X-Forwarded-For: " + b"," * LONG),
        request(b"/metrics", b"Accept: " + b",;" * (LONG // 2)),
        request(b"/healthz", *[b"X-%d: y" % i for i in range(10_000)]),
        request(b"/api/v1/incidents/x/acknowledge", method=b"POST", body=b"[" * LONG),
        request(b"/api/v1/incidents/x/acknowledge", method=b"POST", body=b'{"by": "' + b"a" * 16_000 + b'"}'),
    ],
    ids=lambda sent: sent[:40].decode("ascii", "replace"),
)
def test_a_long_request_is_refused_at_once_and_holds_up_nobody(server: ApiServer, sent: bytes) -> None:
    began = time.monotonic()
    for _ in range(3):
        told = ask_server(server.port, sent)
        assert status(told) in (0, 200, 400, 404, 413, 414, 422, 431), told[:200]  # 0: a reset overtook the sentence
        assert status(ask_server(server.port, request())) == 200
    assert time.monotonic() - began < 10


def test_no_address_of_the_api_takes_long_over_what_is_long(server: ApiServer) -> None:
    described = json.loads(ask_server(server.port, request(b"/api/v1/openapi.json")).partition(b"\r\n\r\n")[2])
    paths = [*described["paths"], "/", "/login", "/metrics", "/static/{path}", "/{path}"]
    assert len(paths) > 15
    began = time.monotonic()
    for path in paths:
        for piece in (b"a", b"a:", b"a@", b"%41", b"a://"):
            long = (piece * LONG)[:LONG]
            filled = b"".join(long if "}" in part else part.encode() for part in re.split(r"(\{[^}]*\})", path))
            for target in (filled + b"/" + long, path.replace("{", "").encode().replace(b"}", b"") + b"?a=" + long):
                assert status(ask_server(server.port, request(target))) in (0, 413, 414, 431)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("body", [b"", b"[", b"x"])
@pytest.mark.parametrize("path", [b"/login", b"/api/v1/incidents/x/acknowledge"])
def test_a_stranger_who_leaves_in_the_middle_of_a_body_leaves_no_trace(
    server: ApiServer, caplog: pytest.LogCaptureFixture, path: bytes, body: bytes
) -> None:
    caplog.set_level(logging.INFO)
    kind = b"application/x-www-form-urlencoded" if path == b"/login" else b"application/json"
    for leave in (reset_connection, socket.socket.close):
        for _ in range(5):
            connection = connect(server.port)
            connection.sendall(
                b"POST " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: " + kind
                + b"\r\nContent-Length: 9000\r\n\r\n" + body
            )  # fmt: skip
            time.sleep(0.01)
            leave(connection)
    wait_for(lambda: server.connections == 0, what="the connections to be forgotten")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_1100_half_open_sockets_leave_the_page_and_its_streams_alone(
    server: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with connect(server.port) as watching:
        watching.sendall(LIVE)
        read_board(watching)
        with open_half_requests(server.port, 1100, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"):
            for _ in range(10):
                assert status(ask_server(server.port, request(b"/"))) == 200
            assert server.connections <= 256
            for _ in range(3):
                read_board(watching)
    assert len(caplog.text) < 5000


def test_the_health_server_holds_the_same_flood() -> None:
    health = HealthServer("127.0.0.1", 0, lambda: {"scoring": ""}, dict)
    health.start()
    try:
        with open_half_requests(health.port, 1100, b"GET /healthz HTTP/1.1\r\n"):
            for path in (b"/healthz", b"/readyz", b"/metrics"):
                assert status(ask_server(health.port, request(path))) == 200
            assert health.connections <= 64
        for bad in (b"/" + b"a" * LONG, b"/%00", b"/healthz/x", b"*"):
            assert status(ask_server(health.port, request(bad))) in (0, 400, 404, 431)
        assert status(ask_server(health.port, request(method=b"POST", body=b"{}"))) == 405
    finally:
        health.stop(20)


def test_an_unknown_health_is_an_answer_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> dict[str, str]:
        raise RuntimeError("the part is half gone")

    health = HealthServer("127.0.0.1", 0, broken, dict)
    health.start()
    try:
        assert status(ask_server(health.port, request(b"/readyz"))) == 503
        assert status(ask_server(health.port, request(b"/healthz"))) == 200
    finally:
        health.stop(20)
    assert len(caplog.records) == 1
    assert "Traceback" not in caplog.text


def test_pages_that_end_badly_leave_nothing_behind(server: ApiServer) -> None:
    """Ten rounds of twenty streams: reset, closed, half-closed, or never read."""
    before = threading.active_count()
    with shorten_deadlines({PeerWait.READING: 0.5, PeerWait.CLOSING: 0.5}):
        for round_ in range(10):
            opened = [connect(server.port) for _ in range(MAX_LIVE_STREAMS_PER_CLIENT)]
            for i, each in enumerate(opened):
                each.sendall(LIVE)
                if i % 2:
                    each.recv(4096)
            close_abruptly(opened, round_)
            wait_for(lambda: pages(server) == 0, what="the pages to be given back", timeout_s=60)
    wait_for(lambda: server.connections == 0, what="the connections to be forgotten", timeout_s=30)
    assert len(server._server.server_state.tasks) == 0
    # The pool of threads for requests keeps at most forty.
    assert threading.active_count() <= before + 41
    wait_for(lambda: count_of(SentState) + count_of(LiveResponse) == 0, what="the streams' memory", timeout_s=30)


def read_board(page: socket.socket) -> None:
    """Read until one whole event has come."""
    seen = b""
    while not (found := seen.partition(b"event: board"))[1] or b"\n\n" not in found[2]:
        chunk = page.recv(65536)
        assert chunk, "the stream ended"
        seen += chunk


def close_abruptly(opened: list[socket.socket], round_: int) -> None:
    for i, each in enumerate(opened):
        how = (i + round_) % 3
        if how == 0:
            reset_connection(each)
        elif how == 1:
            each.shutdown(socket.SHUT_WR)
    time.sleep(0.1)
    for each in opened:
        each.close()


def pages(server: HttpServer) -> int:
    open_now: int = server._app.state.pages.open  # type: ignore[attr-defined]
    return open_now


def count_of(kind: type) -> int:
    gc.collect()
    return sum(type(each) is kind for each in gc.get_objects())


def test_a_page_that_stops_reading_gives_its_place_back(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_events, "UPDATE_INTERVAL_S", 0)  # fills what the system buffers for both ends
    with shorten_deadlines({PeerWait.READING: 0.5, PeerWait.CLOSING: 0.5}), connect(server.port) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.sendall(LIVE)
        wait_for(lambda: pages(server) == 1, what="the page")
        wait_for(lambda: pages(server) == 0, what="its place to be given back", timeout_s=60)


def test_two_hundred_pages_at_once_are_answered_or_refused_in_one_sentence(server: ApiServer) -> None:
    opened = [connect(server.port) for _ in range(200)]
    try:
        for each in opened:
            each.sendall(LIVE)
        first = [each.recv(4096) for each in opened]
        refused = [told for told in first if status(told) == 503]
        assert (len(refused), sum(status(told) == 200 for told in first)) == (
            200 - MAX_LIVE_STREAMS_PER_CLIENT,
            MAX_LIVE_STREAMS_PER_CLIENT,
        )
        assert "api.trusted_proxies" in json.loads(refused[0].partition(b"\r\n\r\n")[2])["error"]
        assert status(ask_server(server.port, request(b"/"))) == 200
    finally:
        for each in opened:
            reset_connection(each)
    wait_for(lambda: pages(server) == 0, what="the pages to be given back", timeout_s=30)


@pytest.mark.parametrize("version", [b"0.9", b"2.0", b"9.9"])
def test_another_version_of_http_is_refused(server: ApiServer, version: bytes) -> None:
    with connect(server.port) as stranger:
        stranger.sendall(b"GET / HTTP/" + version + b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert status(read_answer(stranger)) == 400


def test_http_1_0_is_spoken(server: ApiServer) -> None:
    with connect(server.port) as old:
        old.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        assert status(read_answer(old)) == 200
