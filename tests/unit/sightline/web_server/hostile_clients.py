"""Sockets of a stranger, and a real server of an application for them to reach."""

import asyncio
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from starlette.types import Receive, Scope, Send

from sightline.web_server.connection_table import DEADLINE_S, PeerWait
from sightline.web_server.http_server import HttpServer

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def plain(scope: Scope, receive: Receive, send: Send) -> None:
    """An application: `/big` sends 50 MB as it is read, anything else waits for the body and says its length."""
    if scope["type"] == "lifespan":
        for moment in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{moment}.complete"})
        return
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/big":
        for _ in range(50):
            await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True})
            await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"%d bytes" % length})


@contextmanager
def run_server(*, max_connections: int = 32) -> Iterator[HttpServer]:
    server = HttpServer(plain, "127.0.0.1", 0, name="test", max_connections=max_connections)
    server.start()
    try:
        yield server
    finally:
        server.stop(10)


@contextmanager
def shorten_deadlines(deadlines: dict[PeerWait, float]) -> Iterator[None]:
    """Make the deadlines short enough to wait for."""
    kept = dict(DEADLINE_S)
    DEADLINE_S.update(deadlines)
    try:
        yield
    finally:
        DEADLINE_S.update(kept)


def connect(port: int, *, source: str = "127.0.0.1", timeout_s: float = 20.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout_s, source_address=(source, 0))


@contextmanager
def open_half_requests(
    port: int, count: int, sent: bytes, *, source: str = "127.0.0.1"
) -> Iterator[list[socket.socket]]:
    """Open connections that send the beginning of a request and no more."""
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            each = stack.enter_context(connect(port, source=source))
            each.sendall(sent)
            opened.append(each)
        yield opened


def read_answer(connection: socket.socket) -> bytes:
    """Return all that comes until the server closes; a reset ends it too."""
    told = b""
    try:
        while chunk := connection.recv(65536):
            told += chunk
    except ConnectionResetError:
        pass
    return told


def ask_server(port: int, request: bytes = GET, *, source: str = "127.0.0.1") -> bytes:
    """Send one whole request with a connection of its own and return what is answered."""
    with connect(port, source=source) as connection:
        connection.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        return read_answer(connection)


def reset_connection(connection: socket.socket) -> None:
    """End a connection as a pulled plug or a killed browser does: with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
