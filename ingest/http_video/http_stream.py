"""A camera's answer over HTTP as a file that FFmpeg reads from. FFmpeg itself opens no connection: so a redirect leads
only where it may, a login is shown once, and nothing grows without an end.
"""

import io
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.errors import OverLimit, SourceUnavailable
from ingest.connect.authentication import Authenticator, Login
from ingest.connect.endpoints import Endpoint, ForeignAddress, follow_reference, may_login
from ingest.connect.message_head import MessageHead
from ingest.connect.sockets import HttpAnswerReader, connect_camera
from ingest.connect.stream_errors import error_for_socket, error_for_status
from ingest.limits import MAX_REDIRECTS, ByteBudget, Deadlines, ReadingLimits

MAX_BODY = 2**62
SNIFFED = 512
MAX_CHALLENGES = 2
"""One at the start, and one where a redirect leads to a part of the camera with a challenge of its own."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass
class HttpClient:
    """Asks one camera. `root` is the operator's address; `login` goes to it alone."""

    root: Endpoint
    login: Login
    limits: ReadingLimits
    deadlines: Deadlines
    budget: ByteBudget
    _authenticator: Authenticator = field(init=False)
    _challenges: int = field(init=False, default=0)
    """How often a login was asked for again, but for nonces that only grew stale."""

    def __post_init__(self) -> None:
        self._authenticator = Authenticator(self.login)

    def open(self, endpoint: Endpoint, *, first: int | None = None, last: int | None = None) -> "HttpStream":
        """Return the answer's body; `first` and `last` ask for a part of it. Raises `SourceUnavailable`."""
        for _ in range(MAX_REDIRECTS + 1):
            reader, head = self._ask(endpoint, _range_header(first, last))
            if head.status in REDIRECTS:
                reader.close()
                endpoint = self._follow(endpoint, head)
                continue
            if head.status not in (200, 206):
                reader.close()
                raise error_for_status(head.status)
            coding = head.get("content-encoding").strip().lower()
            if coding in _COMPRESSED:
                reader.close()
                raise SourceUnavailable(
                    f"the camera, or a proxy before it, compresses its answer ({coding}), which was not asked for: "
                    "switch that off there"
                )
            return HttpStream(self, endpoint, reader, head, start=first or 0)
        raise SourceUnavailable("the camera redirects without end: check the stream address")

    def _follow(self, endpoint: Endpoint, head: MessageHead) -> Endpoint:
        return follow_reference(endpoint, head.get("location"), self.root, self.limits.allowed_hosts)

    def _ask(self, endpoint: Endpoint, extra: Mapping[str, str]) -> tuple[HttpAnswerReader, MessageHead]:
        """Ask, and once more with the login where the answer asks for one."""
        trusted = may_login(endpoint, self.root)
        used = self._authorization(endpoint) if trusted else ""
        reader, head = self._exchange(endpoint, extra, used)
        if head.status != 401:
            return reader, head
        reader.close()
        if not trusted:
            raise ForeignAddress(
                f"the camera leads to {endpoint.authority}, which asks for a login; the camera's is not sent there: "
                "enter that address for this camera"
            )
        before = self._authenticator.nonce
        challenge = self._authenticator.take_challenge(head.get_all("www-authenticate"))
        self._challenges += not challenge.stale
        if self._challenges > MAX_CHALLENGES or (used and not challenge.stale and self._authenticator.nonce == before):
            raise error_for_status(401)
        return self._exchange(endpoint, extra, self._authorization(endpoint))

    def _authorization(self, endpoint: Endpoint) -> str:
        return self._authenticator.authorize("GET", endpoint.target or "/")

    def _exchange(
        self, endpoint: Endpoint, extra: Mapping[str, str], authorization: str
    ) -> tuple[HttpAnswerReader, MessageHead]:
        connection = connect_camera(endpoint, self.deadlines.open_s)
        try:
            reader = HttpAnswerReader(connection, endpoint, self.deadlines.open_s, self.deadlines.video_s)
            _send(connection, _request(endpoint, {**extra, "Authorization": authorization}))
            head = reader.read_head()
            while 100 <= head.status < 200:
                head = reader.read_head()
        except BaseException:
            connection.close()
            raise
        return reader, head


def _request(endpoint: Endpoint, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"GET {endpoint.target or '/'} HTTP/1.1",
        f"Host: {endpoint.host_header}",
        "User-Agent: Sightline",
        "Accept: */*",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items() if value]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")


def _range_header(first: int | None, last: int | None) -> dict[str, str]:
    if first is None and last is None:
        return {}
    return {"Range": f"bytes={first or 0}-{'' if last is None else last}"}


def _send(connection: socket.socket, request: bytes) -> None:
    try:
        connection.sendall(request)
    except OSError as error:
        raise error_for_socket(error) from None


_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate", "compress", "br", "zstd"})


class HttpStream:
    """The body of one answer, as PyAV reads it: `read`, and `seek` where the server gives parts of a recording."""

    def __init__(
        self, client: HttpClient, endpoint: Endpoint, reader: HttpAnswerReader, head: MessageHead, start: int
    ) -> None:
        self.name = endpoint.url
        self.content_type = head.get("content-type").partition(";")[0].strip().lower()
        self.endpoint = endpoint
        self.refusal: SourceUnavailable | None = None
        self.ended = False
        self._client = client
        self._reader = reader
        self._position = start
        self._skip = start if head.status == 200 else 0
        self._chunked = "chunked" in head.get("transfer-encoding").lower()
        # Pictures without end have no length, whatever a camera writes there: 0, -1, or the first picture's.
        endless = self._chunked or self.content_type.startswith("multipart/")
        self.length = None if endless else head.content_length(MAX_BODY)
        self._left = self.length
        self._chunk_left = 0
        self._peeked = b""
        self._parts = head.status == 200 and head.get("accept-ranges").lower() == "bytes" and self.length is not None

    def read(self, most: int) -> bytes:
        """Return up to `most` bytes, nothing at the end. Raises `SourceUnavailable`, which `refusal` then holds."""
        try:
            return self._read(most)
        except SourceUnavailable as error:
            self.refusal = error
            raise

    def peek(self) -> bytes:
        """Return the first bytes without taking them."""
        while len(self._peeked) < SNIFFED:
            piece = self._take(SNIFFED - len(self._peeked))
            self._peeked += piece
            if not piece or len(self._peeked) >= 16:
                break
        return self._peeked

    def read_whole(self, most: int) -> bytes:
        """Return the whole body. Raises `OverLimit` when it is longer than `most`."""
        whole = bytearray()
        while piece := self.read(io.DEFAULT_BUFFER_SIZE):
            whole += piece
            if len(whole) > most:
                raise OverLimit("the camera's playlist is larger than any camera's: check the stream address")
        return bytes(whole)

    def seekable(self) -> bool:
        return self._parts

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere in a recording: the next bytes are asked for from there."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.length or 0}[whence]
        target = base + offset
        if target != self._position:
            if not self._parts or not 0 <= target <= (self.length or 0):
                raise OSError(22, "not seekable")
            self._reopen(target)
        return self._position

    def close(self) -> None:
        self._reader.close()

    def _reopen(self, target: int) -> None:
        self.close()
        again = self._client.open(self.endpoint, first=target)
        self._reader, self._left, self._chunked = again._reader, again._left, again._chunked
        self._skip, self._peeked, self._chunk_left = again._skip, b"", 0
        self._position = target

    def _read(self, most: int) -> bytes:
        while self._skip:
            piece = self._take(min(self._skip, most))
            if not piece:
                break
            self._skip -= len(piece)
        if self._peeked:
            piece, self._peeked = self._peeked[:most], self._peeked[most:]
        else:
            piece = self._take(most)
        self.ended = self.ended or not piece
        self._position += len(piece)
        self._client.budget.take(len(piece))
        return piece

    def _take(self, most: int) -> bytes:
        if self._chunked:
            return self._take_chunked(most)
        if self._left is not None:
            most = min(most, self._left)
        piece = self._reader.read(most) if most else b""
        if self._left is not None:
            self._left -= len(piece)
        return piece

    def _take_chunked(self, most: int) -> bytes:
        if self._chunk_left == 0:
            self._chunk_left = self._next_chunk()
        if self._chunk_left < 0:
            return b""
        piece = self._reader.read(min(most, self._chunk_left))
        self._chunk_left -= len(piece)
        if not piece:
            self._chunk_left = -1
        elif self._chunk_left == 0:
            self._read_line()
        return piece

    def _next_chunk(self) -> int:
        """Return the next chunk's size, -1 after the last."""
        text = self._read_line().partition(b";")[0].strip()
        try:
            size = int(text, 16) if text and len(text) <= 15 else 0
        except ValueError:
            size = 0
        return size if size > 0 else -1

    def _read_line(self) -> bytes:
        line = bytearray()
        while not line.endswith(b"\n"):
            piece = self._reader.read(1)
            line += piece
            if not piece or len(line) > 1024:
                break
        return bytes(line)
