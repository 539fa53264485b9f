"""Stands between FFmpeg's RTSP client and the camera, on this machine's own loopback address.

FFmpeg follows any redirect with the password in hand, believes any Content-Length, and knows one kind of digest login.
Here the connection to the camera is ours: it goes to the address the operator gave, the login is made here, and what
the camera sends is bounded before FFmpeg sees it. Only the program that knows the token in the address gets through.
"""

import contextlib
import logging
import secrets
import socket
import threading
import time
from dataclasses import dataclass

from domain.cameras import RtspTransport
from domain.errors import SourceUnavailable
from ingest.connect.authentication import Authenticator, Login
from ingest.connect.endpoints import Endpoint, follow_reference, may_login
from ingest.connect.sockets import CHUNK, connect_camera, has_pending, receive_available, select_readable
from ingest.connect.stream_errors import CLOSED, SourceKind, error_for_protocol, error_for_status
from ingest.limits import HEAD_BYTES, MAX_REDIRECTS, ByteBudget, Deadlines, ReadingLimits
from ingest.rtsp.messages import (
    DOLLAR,
    RtspMessage,
    answer_request,
    find_payload_types,
    replace_alias,
    rewrite_head,
    skip_blank,
    skip_garbage,
    starts_message,
    take_message,
    take_packets,
    write_teardown,
)
from ingest.rtsp.rtp_losses import RtpLosses
from ingest.rtsp.session_description import SessionDescription, keep_one_type, parse_description
from ingest.rtsp.transport_answer import edit_transport

LOOPBACK = "127.0.0.1"
TICK_S = 0.5
GATHER_S = 0.004
"""A pause before reading while pictures come, so that one wake-up moves the packets of a picture, not one packet."""
RELAY_TIMEOUT_S = 5.0
GOODBYE_S = 0.5
MAX_WAITING = 32
TYPE_CHECKS = 200
"""How many pieces of a stream are looked through for their payload types; later ones are passed on unread."""
SHORT_BODY_S = 1.5
"""A camera silent for this long in the middle of an answer has announced a longer body than it sends."""
CHOSEN_AFTER = 25
"""How many of them, all with another payload type that the camera offers, show that it sends that one."""
_REPLACED = frozenset({"content-base", "content-length"})
HANDSHAKE = frozenset({"OPTIONS", "DESCRIBE", "SETUP", "PLAY"})

_log = logging.getLogger(__name__)


@dataclass
class _Request:
    """A request that the camera has not answered: as FFmpeg wrote it, and how often it was sent with the login."""

    method: str
    uri: str
    raw: bytes
    logins: int = 0


class RtspRelay:
    """One session. `start` connects and returns the address for FFmpeg; `close` ends it and waits for the end."""

    def __init__(
        self,
        root: Endpoint,
        login: Login,
        transport: RtspTransport,
        *,
        limits: ReadingLimits,
        deadlines: Deadlines,
        budget: ByteBudget,
        preferred_type: int | None = None,
    ) -> None:
        """`preferred_type` is the payload type that an earlier session showed the camera to send."""
        self.refusal: SourceUnavailable | None = None
        """Why the session failed, in words that FFmpeg does not have."""
        self.losses = RtpLosses()
        self._root = self._endpoint = root
        self._login = login
        self._authenticator = Authenticator(login)
        self._udp = transport is RtspTransport.UDP
        self._limits = limits
        self._deadlines = deadlines
        self._budget = budget
        self._redirects = 0
        self.description = SessionDescription()
        self._looks = TYPE_CHECKS
        self._seen_types: frozenset[int] = frozenset()
        self._preferred_type = preferred_type
        self._logged_in = False
        self._answered = False
        self._playing = False
        self._lost = False
        self._session = ""
        self._ended = False
        self._waiting: dict[str, _Request] = {}
        self._asked_for_login: _Request | None = None
        """What was just sent again with the login: some cameras hang up after they asked for one."""
        self._heard_s = 0.0
        self._client: socket.socket | None = None
        self._from_camera = bytearray()
        self._from_client = bytearray()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rtsp relay", daemon=True)

    @property
    def preferred_type(self) -> int | None:
        """The payload type to prefer in another session, None where this one had the right one."""
        return self.description.choose_type(self._seen_types)

    def start(self) -> str:
        """Connect to the camera and return the address under which FFmpeg reaches it. Raises `SourceUnavailable`."""
        self._camera = connect_camera(self._endpoint, self._deadlines.open_s)
        self._peer = str(self._camera.getpeername()[0])
        try:
            self._listener = socket.create_server((LOOPBACK, 0))
        except BaseException:
            self._camera.close()
            raise
        self._token = secrets.token_hex(16)
        self._alias = f"rtsp://{LOOPBACK}:{self._listener.getsockname()[1]}"
        self._thread.start()
        return f"{self._alias}/{self._token}{self._root.target}"

    def close(self) -> None:
        """End the session. Returns when the camera's connection is closed, so that the next is never a second one."""
        self._stop.set()
        if self._client is not None:
            # A thread that waits for FFmpeg to take more must notice that it never will.
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join(RELAY_TIMEOUT_S)

    def _run(self) -> None:
        try:
            with self._listener:
                client = self._accept()
            if client is not None:
                with client:
                    self._relay(client)
        except SourceUnavailable as error:
            self.refusal = self.refusal or error
        except OSError:
            self.refusal = self.refusal or (None if self._answered else SourceUnavailable(CLOSED))
        except Exception:  # noqa: BLE001 - the outermost guard of this thread
            # FFmpeg sees the end of its connection, the reader a reason.
            _log.exception("the RTSP relay failed")
            self.refusal = SourceUnavailable("reading the stream failed: restart the camera")
        finally:
            self._leave()
            self._camera.close()
            self.refusal = self.refusal or self.description.refuse_types(self._seen_types)

    def _leave(self) -> None:
        """Say goodbye where FFmpeg could not: a camera that lets few in may hold a session whose end it never heard."""
        with contextlib.suppress(OSError):
            self._camera.settimeout(GOODBYE_S)
            if self._session and not self._ended:
                uri = replace_alias(self._base, self._alias, self._endpoint)
                login = self._authenticator.authorize("TEARDOWN", uri)
                self._camera.sendall(write_teardown(uri, self._session, login))
            if self._session:
                self._camera.shutdown(socket.SHUT_WR)
                until_s = time.monotonic() + GOODBYE_S
                while time.monotonic() < until_s and self._camera.recv(CHUNK):
                    pass

    def _accept(self) -> socket.socket | None:
        """Return the connection that knows the token; others on this machine are sent away."""
        self._listener.settimeout(TICK_S)
        until_s = time.monotonic() + self._deadlines.open_s
        while time.monotonic() < until_s and not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                if self._knows_token(client):
                    return client
                client.close()
        return None

    def _knows_token(self, client: socket.socket) -> bool:
        client.settimeout(1.0)
        self._from_client.clear()
        with contextlib.suppress(OSError):
            while b"\r\n" not in self._from_client and len(self._from_client) < HEAD_BYTES:
                data = client.recv(CHUNK)
                if not data:
                    return False
                self._from_client += data
        first = bytes(self._from_client).partition(b"\r\n")[0]
        return f" {self._alias}/{self._token}".encode() in first

    def _relay(self, client: socket.socket) -> None:
        client.settimeout(None)
        self._client = client
        self._take_from_client()
        while not self._stop.is_set():
            readable = self._readable(client)
            if client in readable and not self._read_client(client):
                return
            if self._camera in readable and not self._read_camera(client):
                return
            if not readable and self._from_camera and self._from_camera[0] != DOLLAR:
                self._take_from_camera(client)

    def _readable(self, client: socket.socket) -> list[socket.socket]:
        if has_pending(self._camera):
            return [self._camera]
        return select_readable([client, self._camera], TICK_S)

    def _read_client(self, client: socket.socket) -> bool:
        data = client.recv(CHUNK)
        self._from_client += data
        self._take_from_client()
        return bool(data)

    def _take_from_client(self) -> None:
        while self._from_client:
            packets = take_packets(self._from_client)
            if packets:
                self._camera.sendall(packets)
            if not self._from_client or self._from_client[0] == DOLLAR:
                return
            message = take_message(self._from_client)
            if message is None:
                return
            self._pass_request(message)

    def _pass_request(self, message: RtspMessage) -> None:
        method, uri = (*message.head.start.split(), "", "")[:2]
        request = _Request(method, uri.replace(f"/{self._token}", "", 1), message.raw)
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.pop(next(iter(self._waiting)))
        self._waiting[message.head.get("cseq")] = request
        self._ended = self._ended or method == "TEARDOWN"
        self._send(request)

    def _send(self, request: _Request) -> None:
        uri = replace_alias(request.uri, self._alias, self._endpoint)
        login = self._authenticator.authorize(request.method, uri) if may_login(self._endpoint, self._root) else ""
        request.logins += bool(login)
        start = f"{request.method} {uri} RTSP/1.0"
        head = rewrite_head(request.raw, start=start, drop=frozenset({"authorization"}), add={"Authorization": login})
        self._camera.sendall(head)

    def _read_camera(self, client: socket.socket) -> bool:
        if self._playing:
            time.sleep(GATHER_S)
        data = receive_available(self._camera)
        if data is None:
            return True
        if not data:
            if self._asked_for_login is None:
                self.refusal = self.refusal or (None if self._answered else SourceUnavailable(CLOSED))
                return False
            self._repeat_elsewhere(self._endpoint, self._asked_for_login)
            return True
        self._heard_s = time.monotonic()
        self._from_camera += data
        self._take_from_camera(client)
        return True

    def _take_from_camera(self, client: socket.socket) -> None:
        while self._from_camera:
            if self._lost:
                self._lost = not skip_garbage(self._from_camera)
                if self._lost:
                    return
            if self._from_camera[0] == DOLLAR:
                packets = take_packets(self._from_camera)
                if not packets:
                    return
                self._pass_packets(packets, client)
            elif not self._take_text(client):
                return

    def _pass_packets(self, packets: bytes, client: socket.socket) -> None:
        self._budget.take(len(packets))
        if self._looks:
            self._looks -= 1
            self._seen_types |= find_payload_types(packets)
            if self._looks <= TYPE_CHECKS - CHOSEN_AFTER and self.preferred_type is not None:
                # FFmpeg would read on in vain: the next session puts that type first.
                raise self.description.refuse_types(self._seen_types) or SourceUnavailable(CLOSED)
        client.sendall(self.losses.follow(packets))

    def _take_text(self, client: socket.socket) -> bool:
        """Take one message or what is none from the camera's bytes; return False while more bytes are needed."""
        if not self._answered:
            skip_blank(self._from_camera)
        if not starts_message(self._from_camera):
            if not self._answered:
                raise error_for_protocol(bytes(self._from_camera[:16]), SourceKind.RTSP, self._endpoint.secure)
            self._budget.take(len(self._from_camera))
            del self._from_camera[:1]
            self._lost = True
            return True
        message = take_message(self._from_camera, patient=time.monotonic() - self._heard_s < SHORT_BODY_S)
        if message is None:
            return False
        self._answered = True
        self._budget.take(len(message.raw))
        if message.is_answer:
            self._pass_answer(message, client)
        else:
            self._camera.sendall(answer_request(message))
        return True

    def _pass_answer(self, message: RtspMessage, client: socket.socket) -> None:
        status, number = message.head.status, message.head.get("cseq")
        request = self._waiting.get(number) or next(iter(self._waiting.values()), None)
        if request is None:
            return
        if 100 <= status < 200:
            return
        self._asked_for_login = None
        if status == 401 and self._log_in(request, message):
            return
        self._waiting = {key: other for key, other in self._waiting.items() if other is not request}
        if 300 <= status < 400 and request.method in HANDSHAKE and not self._playing:
            self._redirect(request, number, message)
            return
        if 200 <= status < 300:
            self._logged_in = self._logged_in or request.logins > 0
            client.sendall(self._edit_answer(request, message))
            return
        if request.method in HANDSHAKE and not self._playing:
            self.refusal = error_for_status(status)
        client.sendall(rewrite_head(message.raw, drop=frozenset({"www-authenticate", "location"}), add={}))

    def _log_in(self, request: _Request, message: RtspMessage) -> bool:
        """Send the request again with the login; return False where that was tried and refused."""
        before = self._authenticator.nonce
        try:
            if not may_login(self._endpoint, self._root):
                return False
            challenge = self._authenticator.take_challenge(message.head.get_all("www-authenticate"))
        except SourceUnavailable:
            if self._playing:
                return False
            raise
        another = self._authenticator.nonce != before and (self._logged_in or self._redirects > 0)
        renewed = challenge.stale or another
        if request.logins >= (2 if renewed else 1):
            return False
        self._asked_for_login = request if request.method in ("OPTIONS", "DESCRIBE") else None
        self._send(request)
        return True

    def _redirect(self, request: _Request, number: str, message: RtspMessage) -> None:
        """Go where the camera sends us, when that is still the camera. Raises `ForeignAddress` otherwise."""
        self._redirects += 1
        if self._redirects > MAX_REDIRECTS or request.method not in ("OPTIONS", "DESCRIBE"):
            raise SourceUnavailable("the camera redirects without end: check the stream address")
        location = message.head.get("location")
        target = follow_reference(self._endpoint, location, self._root, self._limits.allowed_hosts)
        request.uri = f"{self._alias}{target.target}"
        self._waiting[number] = request
        self._repeat_elsewhere(target, request)

    def _repeat_elsewhere(self, target: Endpoint, request: _Request) -> None:
        """Send the request again in a connection of its own."""
        self._camera.close()
        self._endpoint, self._asked_for_login = target, None
        self._camera = connect_camera(target, self._deadlines.open_s)
        self._peer = str(self._camera.getpeername()[0])
        self._from_camera.clear()
        self._send(request)

    def _edit_answer(self, request: _Request, message: RtspMessage) -> bytes:
        """Return the answer as FFmpeg may have it."""
        if request.method == "DESCRIBE":
            self.description = parse_description(message.body, self._preferred_type)
            self.losses.describe(message.body)
            body = keep_one_type(message.body, self._preferred_type)
            base = message.head.get("content-base") or replace_alias(request.uri, self._alias, self._endpoint)
            add = {"Content-Base": base, "Content-Length": str(len(body))}
            return rewrite_head(message.raw[: len(message.raw) - len(message.body)], drop=_REPLACED, add=add) + body
        if request.method == "PLAY":
            self._playing = True
            self._base = request.uri
            self._session = (message.head.get("session") or self._session).partition(";")[0][:200]
        if request.method == "SETUP":
            edited, transport = edit_transport(request.raw, message, udp=self._udp, peer=self._peer)
            self.losses.set_up(request.uri, transport)
            self._session = message.head.get("session").partition(";")[0][:200]
            self._base = request.uri
            return edited
        return message.raw
