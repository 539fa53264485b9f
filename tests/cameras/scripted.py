"""A camera that misbehaves on purpose: a few lines of RTSP over TCP, and a script for everything after.

Nothing of it is a server one could use; it answers just enough for a client to get into trouble.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

RTP_CHUNK = 1200


class Manner(StrEnum):
    """How the camera behaves."""

    SAYS_NOTHING = "says_nothing"
    HALF_OPEN = "half_open"
    """Answers the first requests, then nothing, and keeps the connection."""
    REFUSES = "refuses"
    FORBIDS = "forbids"
    PLAYS = "plays"
    """Plays its script, then keeps the connection without a word."""
    PLAYS_AND_LEAVES = "plays_and_leaves"


@dataclass
class ScriptedCamera:
    """One listening socket. `video` and `audio` are (timestamp, payload) in 90 kHz and 8 kHz ticks, sent in order."""

    manner: Manner
    encoding: str = "H264/90000"
    video: list[tuple[int, bytes]] = field(default_factory=list)
    audio: bool = False
    """Whether audio keeps coming, for ever, every 20 ms."""
    lose_every: int = 0
    """Every so manieth RTP packet never arrives; 0 loses none."""
    pause_s: float = 0.005
    port: int = 0
    requests: list[str] = field(default_factory=list)
    sessions: int = 0
    open_now: int = 0
    open_most: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/camera"

    def serve(self, listener: socket.socket) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._session, args=(connection,), daemon=True).start()

    def _session(self, connection: socket.socket) -> None:
        with self._lock:
            self.sessions += 1
            self.open_now += 1
            self.open_most = max(self.open_most, self.open_now)
        try:
            with connection:
                self._talk(connection)
        except OSError:
            pass
        finally:
            with self._lock:
                self.open_now -= 1

    def _talk(self, connection: socket.socket) -> None:
        for request, headers in _requests(connection):
            self.requests.append(request)
            method = request.split()[0]
            if self.manner is Manner.SAYS_NOTHING or (self.manner is Manner.HALF_OPEN and method == "SETUP"):
                continue
            connection.sendall(self._answer(method, headers))
            if method == "PLAY":
                threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _answer(self, method: str, headers: dict[str, str]) -> bytes:
        sequence = f"CSeq: {headers.get('cseq', '0')}\r\n"
        if method != "OPTIONS" and self.manner in (Manner.REFUSES, Manner.FORBIDS):
            status = "401 Unauthorized" if self.manner is Manner.REFUSES else "403 Forbidden"
            challenge = 'WWW-Authenticate: Basic realm="camera"\r\n' if self.manner is Manner.REFUSES else ""
            return f"RTSP/1.0 {status}\r\n{sequence}{challenge}\r\n".encode()
        body, extra = "", "Session: 1;timeout=60\r\n"
        if method == "DESCRIBE":
            body, extra = self._description(), "Content-Type: application/sdp\r\n"
        elif method == "SETUP":
            extra += f"Transport: {headers.get('transport', '')}\r\n"
        return f"RTSP/1.0 200 OK\r\n{sequence}{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def _description(self) -> str:
        lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "t=0 0"]
        lines += ["m=video 0 RTP/AVP 96", f"a=rtpmap:96 {self.encoding}", "a=control:video"]
        if self.audio:
            lines += ["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=control:audio"]
        return "\r\n".join(lines) + "\r\n"

    def _play(self, connection: socket.socket) -> None:
        try:
            self._send_all(connection)
        except OSError:
            return
        if self.manner is Manner.PLAYS_AND_LEAVES:
            connection.shutdown(socket.SHUT_RDWR)

    def _send_all(self, connection: socket.socket) -> None:
        number = 0
        for stamp, unit in self.video:
            for payload, last in h264_payloads(unit):
                number += 1
                if not self.lose_every or number % self.lose_every:
                    connection.sendall(_interleaved(0, _rtp(96, number, stamp, payload, last)))
            if self._stop.wait(self.pause_s):
                return
        sound = 0
        while self.audio and not self._stop.wait(0.02):
            connection.sendall(_interleaved(2, _rtp(0, sound, sound * 160, b"\xff" * 160, False)))
            sound += 1


@contextmanager
def scripted(camera: ScriptedCamera) -> Iterator[ScriptedCamera]:
    """Listen on a free port while the block runs."""
    listener = socket.create_server(("127.0.0.1", 0))
    camera.port = listener.getsockname()[1]
    threading.Thread(target=camera.serve, args=(listener,), daemon=True).start()
    try:
        yield camera
    finally:
        camera._stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _requests(connection: socket.socket) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each request's first line and its headers, names in lower case."""
    stream = connection.makefile("rb")
    while True:
        first = stream.readline()
        if not first:
            return
        if first.startswith(b"$"):
            continue
        headers = {}
        for line in iter(stream.readline, b"\r\n"):
            if not line:
                return
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        yield first.decode("latin-1").strip(), headers


def h264_payloads(unit: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield the RTP payloads of an access unit (RFC 6184: single NAL units and FU-A) and whether each is its last."""
    nals = [nal for nal in re.split(rb"\x00\x00\x00?\x01", unit) if nal]
    for index, nal in enumerate(nals):
        last_nal = index == len(nals) - 1
        if len(nal) <= RTP_CHUNK:
            yield nal, last_nal
            continue
        indicator, kind, rest = (nal[0] & 0xE0) | 28, nal[0] & 0x1F, nal[1:]
        for start in range(0, len(rest), RTP_CHUNK):
            end = start + RTP_CHUNK >= len(rest)
            header = (0x80 if start == 0 else 0) | (0x40 if end else 0) | kind
            yield bytes([indicator, header]) + rest[start : start + RTP_CHUNK], last_nal and end


def _rtp(kind: int, number: int, stamp: int, payload: bytes, marker: bool) -> bytes:
    first = bytes([0x80, (0x80 if marker else 0) | kind]) + (number & 0xFFFF).to_bytes(2, "big")
    return first + (stamp & 0xFFFFFFFF).to_bytes(4, "big") + b"\x00\x00\x00\x01" + payload


def _interleaved(channel: int, packet: bytes) -> bytes:
    return b"$" + bytes([channel]) + len(packet).to_bytes(2, "big") + packet
