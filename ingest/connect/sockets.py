"""The only place where ingest connects to a camera, and a buffered reading of its answer with deadlines."""

import select
import socket
import ssl
import time

from domain.errors import NoVideo, SourceUnavailable
from ingest.connect.endpoints import Endpoint
from ingest.connect.message_head import MessageHead, find_head_end, parse_head
from ingest.connect.stream_errors import CLOSED, NO_ANSWER, NO_VIDEO, SourceKind, error_for_protocol, error_for_socket

CHUNK = 256 * 1024


def connect_camera(endpoint: Endpoint, timeout_s: float) -> socket.socket:
    """Return a connection, encrypted where the scheme asks for it. Raises `SourceUnavailable` in plain words."""
    try:
        plain = socket.create_connection((endpoint.host, endpoint.port), timeout_s)
    except (socket.gaierror, UnicodeError):
        raise SourceUnavailable("unknown host: the name cannot be resolved; check it, and this machine's DNS") from None
    except OSError as error:
        raise error_for_socket(error) from None
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not endpoint.secure:
        return plain
    try:
        return _tls_context().wrap_socket(plain, server_hostname=endpoint.host)
    except TimeoutError:
        plain.close()
        raise SourceUnavailable("this port does not answer in TLS: check the port, or use rtsp:// or http://") from None
    except (OSError, ValueError) as error:
        plain.close()
        raise error_for_socket(error if isinstance(error, ssl.SSLError) else ssl.SSLError()) from None


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Cameras sign their own certificates and speak old versions; what is won here is that nobody listens in passing.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


class HttpAnswerReader:
    """Reads one HTTP answer: its head, then its body in pieces. One thread."""

    SLOWEST_BYTES = 1024
    """A body that brings less in `silent_s` counts as silent, however its bytes are spread."""

    def __init__(self, connection: socket.socket, endpoint: Endpoint, open_s: float, silent_s: float) -> None:
        self._connection = connection
        self._endpoint = endpoint
        self._open_s = open_s
        self._silent_s = silent_s
        self._buffer = bytearray()
        self._answered = False
        self._window_s = time.monotonic()
        self._window_bytes = 0

    def read_head(self) -> MessageHead:
        """Return the answer's head. Raises `SourceUnavailable` when it does not come in time, or is not HTTP."""
        until_s = time.monotonic() + self._open_s
        while (end := self._head_end()) < 0:
            left_s = until_s - time.monotonic()
            if left_s <= 0 or not self._receive(left_s, NO_ANSWER):
                raise SourceUnavailable(NO_ANSWER if left_s <= 0 else CLOSED)
        head = parse_head(self._buffer[:end])
        del self._buffer[:end]
        self._window_s = time.monotonic()
        return head

    def _head_end(self) -> int:
        start = bytes(self._buffer[:5]).upper()
        if start and not any(known.startswith(start) for known in (b"HTTP/", b"ICY 2")):
            raise error_for_protocol(bytes(self._buffer[:16]), SourceKind.HTTP, self._endpoint.secure)
        return find_head_end(self._buffer)

    def read(self, most: int) -> bytes:
        """Return up to `most` bytes of what comes next, nothing at the end. Raises `NoVideo` in silence."""
        if not self._buffer and not self._receive(self._silent_s, NO_VIDEO):
            return b""
        piece = bytes(self._buffer[:most])
        del self._buffer[:most]
        return piece

    def peek(self, least: int) -> bytes:
        """Return the first bytes of the body without taking them: `least`, or fewer where no more comes soon."""
        while len(self._buffer) < least and self._receive(self._silent_s, NO_VIDEO):
            if len(self._buffer) >= 16:
                break
        return bytes(self._buffer[:least])

    def close(self) -> None:
        self._connection.close()

    def _receive(self, timeout_s: float, reason: str) -> bool:
        self._connection.settimeout(timeout_s)
        try:
            data = self._connection.recv(CHUNK)
        except TimeoutError:
            raise (NoVideo(reason) if reason == NO_VIDEO else SourceUnavailable(reason)) from None
        except OSError as error:
            raise (SourceUnavailable(CLOSED) if not self._answered else error_for_socket(error)) from None
        self._answered = self._answered or bool(data)
        self._buffer += data
        if reason == NO_VIDEO:
            self._check_pace(len(data))
        return bool(data)

    def _check_pace(self, count: int) -> None:
        self._window_bytes += count
        now_s = time.monotonic()
        if now_s - self._window_s < self._silent_s or not count:
            return
        if self._window_bytes < self.SLOWEST_BYTES:
            raise NoVideo(NO_VIDEO)
        self._window_s, self._window_bytes = now_s, 0


def receive_available(connection: socket.socket) -> bytes | None:
    """Return what has arrived, b"" at the end however it came, None where it was TLS's own: its records show as
    readable too.
    """
    if not isinstance(connection, ssl.SSLSocket):
        try:
            return connection.recv(CHUNK)
        except ConnectionError:
            return b""
    before_s = connection.gettimeout()
    connection.settimeout(0.0)
    try:
        return connection.recv(CHUNK)
    except ssl.SSLWantReadError:
        return None
    finally:
        connection.settimeout(before_s)


def has_pending(connection: socket.socket) -> bool:
    """Return whether TLS holds bytes that the kernel no longer shows."""
    pending = getattr(connection, "pending", None)
    return pending is not None and pending() > 0


def select_readable(sockets: list[socket.socket], timeout_s: float) -> list[socket.socket]:
    """Return the sockets with something to read; `select` itself ends at 1,024 descriptors."""
    poll = select.poll()
    by_number = {sock.fileno(): sock for sock in sockets}
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll(timeout_s * 1000)]
