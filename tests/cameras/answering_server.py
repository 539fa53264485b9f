"""A server that answers as a test says, byte for byte, and remembers who asked for what."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Answer = bytes | Iterable[bytes]
AnswerPart = Callable[["ReceivedRequest"], Answer | None]
"""Request in, bytes out, at once or piece by piece; None keeps the connection without a word, b"" closes it."""


@dataclass(frozen=True)
class ReceivedRequest:
    """One request: its first line and its headers, names in lower case."""

    line: str
    headers: dict[str, str]

    @property
    def method(self) -> str:
        return self.line.split()[0]

    @property
    def path(self) -> str:
        return self.line.split()[1]


@dataclass
class AnsweringServer:
    """`asked` are the requests so far, `connections` how often somebody connected."""

    host: str
    port: int
    asked: list[ReceivedRequest] = field(default_factory=list)
    connections: int = 0

    def url(self, scheme: str, path: str = "/stream") -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{shown}:{self.port}{path}"


@contextmanager
def serve_answers(
    reply: AnswerPart, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[AnsweringServer]:
    """Listen on a free port while the block runs."""
    stop = threading.Event()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)
    server = AnsweringServer(host, listener.getsockname()[1])

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        try:
            connection.settimeout(20.0)
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            with connection:
                _talk(connection, reply, server, stop)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _talk(connection: socket.socket, reply: AnswerPart, server: AnsweringServer, stop: threading.Event) -> None:
    stream = connection.makefile("rb")
    while True:
        first = stream.readline(65536)
        if not first:
            return
        headers = {}
        for line in iter(lambda: stream.readline(65536), b"\r\n"):
            if not line:
                return
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        asked = ReceivedRequest(first.decode("latin-1").strip(), headers)
        server.asked.append(asked)
        answer = reply(asked)
        if answer is None:
            stop.wait(20.0)
            return
        for piece in [answer] if isinstance(answer, bytes) else answer:
            if stop.is_set() or not piece:
                return
            connection.sendall(piece)
        if asked.line.endswith("HTTP/1.1"):
            return


def make_http_answer(
    body: bytes, kind: str = "application/octet-stream", status: str = "200 OK", extra: str = ""
) -> bytes:
    """Return a complete HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def make_rtsp_answer(asked: ReceivedRequest, status: str = "200 OK", extra: str = "", body: str = "") -> bytes:
    """Return an RTSP answer to this request."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"RTSP/1.0 {status}\r\nCSeq: {asked.headers.get('cseq', '0')}\r\n{extra}{length}\r\n{body}".encode("latin-1")
