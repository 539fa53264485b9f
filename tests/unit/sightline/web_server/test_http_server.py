"""The real server on loopback, and what strangers do to it."""

import errno
import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.web_server.connection_table import PeerWait
from sightline.web_server.http_server import BoundedListener, HttpServer
from tests.unit.api.conftest import wait_for
from tests.unit.sightline.web_server.hostile_clients import (
    GET,
    ask_server,
    connect,
    open_half_requests,
    read_answer,
    reset_connection,
    run_server,
    shorten_deadlines,
)

SOON = dict.fromkeys(PeerWait, 0.5)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with run_server() as running:
        yield running


def sentence(told: bytes) -> tuple[int, str]:
    """Return the status of an answer and the one sentence that it holds."""
    head, _, body = told.partition(b"\r\n\r\n")
    said = json.loads(body)
    assert list(said) == ["error"]
    return int(head.split()[1]), said["error"]


def send_until_closed(connection: socket.socket, piece: bytes) -> int:
    """Send a small piece every 20 ms; return how many were taken until the other end closed, at most 1000."""
    for count in range(1000):
        try:
            connection.sendall(piece)
        except OSError:
            return count
        time.sleep(0.02)
    return 1000


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\nX-", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"],
)
def test_a_flood_of_half_open_connections_leaves_the_page_reachable(
    server: HttpServer, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(11):
        with open_half_requests(server.port, 100, sent):
            assert ask_server(server.port).startswith(b"HTTP/1.1 200")
            assert server.connections <= 32
    assert len(caplog.text) < 5000
    wait_for(lambda: server.connections == 0, what="the connections to be forgotten")


def test_a_connection_that_sends_no_whole_head_in_time_is_closed() -> None:
    with shorten_deadlines(SOON), run_server() as server, connect(server.port) as slow, connect(server.port) as silent:
        slow.sendall(b"GET / HTTP/1.1\r\n")
        assert send_until_closed(slow, b"X-A: b\r\n") < 1000
        assert read_answer(silent) == b""


def test_a_body_that_does_not_come_is_refused_in_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    with shorten_deadlines(SOON), run_server() as server, connect(server.port) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        assert sentence(read_answer(slow))[0] == 408
    assert caplog.text == ""


def test_a_body_sent_after_its_answer_does_not_come_for_ever() -> None:
    with shorten_deadlines(SOON), run_server() as server, connect(server.port) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert send_until_closed(slow, b"1\r\nx\r\n") < 1000


def test_a_peer_that_does_not_read_is_let_go() -> None:
    with shorten_deadlines(SOON), run_server() as server, connect(server.port) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: server.connections == 1, what="the connection")
        wait_for(lambda: server.connections == 0, what="the connection to be let go", timeout_s=30)


def test_a_request_that_takes_its_time_within_the_deadline_is_served(server: HttpServer) -> None:
    with connect(server.port) as slow:
        for byte in b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc":
            slow.sendall(bytes([byte]))
        assert read_answer(slow).endswith(b"3 bytes\r\n0\r\n\r\n")


def test_several_requests_in_one_packet_are_answered_in_order(server: HttpServer) -> None:
    with connect(server.port) as hasty:
        hasty.sendall(GET * 50 + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert read_answer(hasty).count(b"HTTP/1.1 200") == 51


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n",
        b"\r\n" * 20_000,
    ],
)
def test_bytes_that_are_no_request_are_refused_in_one_sentence(
    server: HttpServer, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(server.port) as stranger:
        stranger.sendall(sent)
        told = read_answer(stranger)
    if told:  # a reset may overtake the sentence where more was sent than read
        assert sentence(told)[0] in (400, 431)
    assert "Traceback" not in caplog.text
    assert ask_server(server.port).startswith(b"HTTP/1.1 200")


def test_a_head_too_long_is_refused_as_that(server: HttpServer) -> None:
    with connect(server.port) as stranger:
        for _ in range(4):
            stranger.sendall(b"GET /" + b"a" * 5000)
            time.sleep(0.02)
        status, said = sentence(read_answer(stranger))
    assert (status, "16384 bytes" in said) == (431, True)


@pytest.mark.parametrize(
    "head", [b"a: b\r\n" * 30_000, b"a: b\r\n" + b" c\r\n" * 30_000, b"a: " + b"b" * 60_000 + b"\r\n", b"\n" * 60_000]
)
@pytest.mark.parametrize("piece", [1000, 1 << 20])
def test_a_head_of_many_lines_is_refused_before_it_is_read(server: HttpServer, head: bytes, piece: int) -> None:
    sent = b"GET / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n"
    spent = time.process_time()
    for _ in range(20):
        with connect(server.port) as stranger:
            try:
                for start in range(0, len(sent), piece):
                    stranger.sendall(sent[start : start + piece])
                told = read_answer(stranger)
            except OSError:  # refused before it was all sent
                told = b""
        assert told[:12] in (b"", b"HTTP/1.1 431", b"HTTP/1.1 400")
    assert time.process_time() - spent < 2.0


def test_a_request_of_as_many_headers_as_allowed_is_answered(server: HttpServer) -> None:
    head = b"".join(b"X-%d: %s\r\n" % (i, b"y" * 100) for i in range(95))
    assert ask_server(server.port, GET[:-2] + head + b"\r\n").startswith(b"HTTP/1.1 200")


def test_garbage_after_a_request_never_raises(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    for garbage in (b"\x00\xff" * 50, b"GET / HTTP/1.1\r\nbad", b"HTTP/1.1 200 OK\r\n\r\n"):
        with connect(server.port) as stranger:
            stranger.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" + garbage)
            stranger.recv(10)
            reset_connection(stranger)
    wait_for(lambda: server.connections == 0, what="the connections to be forgotten")
    assert "Traceback" not in caplog.text


def test_an_upgrade_is_not_taken_and_not_a_word_of_it_logged(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    told = ask_server(server.port, b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 200")
    assert caplog.text == ""


STARVED = """
import errno, logging, os, resource, sys, time
from sightline.web_server.http_server import BoundedListener
from tests.unit.sightline.web_server.hostile_clients import run_server
accept, tried = BoundedListener.accept, []
def note_refusals(listener):
    try:
        return accept(listener)
    except OSError as error:
        if error.errno == errno.EMFILE:
            tried.append(time.monotonic())
        raise
BoundedListener.accept = note_refusals
logging.basicConfig()
with run_server() as server:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    print(server.port, flush=True)
    sys.stdin.readline()
    spent = time.process_time()
    while len(tried) < 3:
        time.sleep(0.02)
    print(time.process_time() - spent, flush=True)
    print(min(later - earlier for earlier, later in zip(tried, tried[1:])), flush=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    sys.stdin.readline()
"""
"""A process of its own, for a limit of open files is one of the whole process."""


def test_descriptors_that_run_out_stop_neither_the_server_nor_fill_the_log(tmp_path: Path) -> None:
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-c", STARVED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with connect(port) as refused:
            refused.sendall(GET)
            process.stdin.write("\n")
            process.stdin.flush()
            spent_s = float(process.stdout.readline())
            between_s = float(process.stdout.readline())
        wait_for(lambda: ask_server(port).startswith(b"HTTP/1.1 200"), what="the server to answer")
        process.stdin.close()
    said = (tmp_path / "log").read_text(encoding="utf-8")
    assert between_s > 0.5  # asyncio rests for a second before it tries again
    assert spent_s < 0.7
    assert "raise the limit of open files" in said
    assert "Traceback" not in said
    assert len(said) < 2000


def test_the_listener_asks_once_and_then_waits_when_no_descriptor_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(self: socket.socket) -> object:
        raise OSError(errno.EMFILE, "Too many open files")

    with BoundedListener() as listener:
        monkeypatch.setattr(socket.socket, "accept", exhausted)
        for _ in range(3):
            with pytest.raises(OSError, match="Too many open files"):
                listener.accept()
            with pytest.raises(BlockingIOError):
                listener.accept()


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head() -> None:
    with BoundedListener() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with socket.create_connection(listener.getsockname()):
            connection, _ = listener.accept()
            with connection:
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_server_that_is_stopped_ends_soon_though_strangers_hold_connections() -> None:
    with run_server() as server, open_half_requests(server.port, 20, b"G"):
        began = time.monotonic()
        server.stop(20)
        assert time.monotonic() - began < 10
        assert server.health() == "the server has ended"
