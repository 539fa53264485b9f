"""A camera that misbehaves on purpose: a few lines of RTSP over TCP, then a script (`simulation.cameras.rtp`).

Nothing of it is a server one could use; it answers just enough for a client to get into trouble.
"""

import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from simulation.cameras.rtp import AUDIO_CHANNEL, AUDIO_KIND, DATA_CHANNEL, VIDEO_CHANNEL, RtpPacket, split_payloads


class CameraBehaviour(StrEnum):
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
    """One listening socket.

    It sends `script()` at the script's own moments; without a script, `video`: (timestamp in ticks of 90 kHz, unit) in
    order, `pause_s` apart, and sound if `audio`.
    """

    manner: CameraBehaviour
    encoding: str = "H264/90000"
    video: list[tuple[int, bytes]] = field(default_factory=list)
    audio: bool = False
    """Whether audio keeps coming every 20 ms, without end."""
    lose_every: int = 0
    """Every so manieth RTP packet never arrives; 0 loses none."""
    pause_s: float = 0.005
    script: Callable[[], Iterable[RtpPacket]] | None = None
    """Called for each session."""
    metadata: bool = False
    """Whether a track of ONVIF metadata is described, first of all tracks."""
    port: int = 0
    requests: list[str] = field(default_factory=list)
    sessions: int = 0
    open_most: int = 0
    """How many sessions were open at once, of clients that had not hung up."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: set[socket.socket] = field(default_factory=set)

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
            self._open.add(connection)
            self.open_most = max(self.open_most, sum(not _has_hung_up(each) for each in self._open))
        try:
            self._talk(connection)
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.remove(connection)
                connection.close()

    def _talk(self, connection: socket.socket) -> None:
        for request, headers in _requests(connection):
            self.requests.append(request)
            method = request.split()[0]
            if self.manner is CameraBehaviour.SAYS_NOTHING or (
                self.manner is CameraBehaviour.HALF_OPEN and method == "SETUP"
            ):
                continue
            connection.sendall(self._answer(request, headers))
            if method == "PLAY":
                threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _answer(self, request: str, headers: dict[str, str]) -> bytes:
        method, address = request.split()[:2]
        sequence = f"CSeq: {headers.get('cseq', '0')}\r\n"
        if method != "OPTIONS" and self.manner in (CameraBehaviour.REFUSES, CameraBehaviour.FORBIDS):
            status = "401 Unauthorized" if self.manner is CameraBehaviour.REFUSES else "403 Forbidden"
            challenge = 'WWW-Authenticate: Basic realm="camera"\r\n' if self.manner is CameraBehaviour.REFUSES else ""
            return f"RTSP/1.0 {status}\r\n{sequence}{challenge}\r\n".encode()
        body, extra = "", "Session: 1;timeout=60\r\n"
        if method == "DESCRIBE":
            body, extra = self._description(), "Content-Type: application/sdp\r\n"
        elif method == "SETUP":
            extra += f"Transport: {_transport(headers.get('transport', ''), address)}\r\n"
        return f"RTSP/1.0 200 OK\r\n{sequence}{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def _description(self) -> str:
        lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "t=0 0"]
        if self.metadata:
            lines += ["m=application 0 RTP/AVP 107", "a=rtpmap:107 vnd.onvif.metadata/90000", "a=control:metadata"]
        lines += ["m=video 0 RTP/AVP 96", f"a=rtpmap:96 {self.encoding}", "a=control:video"]
        if self.audio:
            lines += ["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=control:audio"]
        return "\r\n".join(lines) + "\r\n"

    def _play(self, connection: socket.socket) -> None:
        try:
            self._send_all(connection)
            if self.manner is CameraBehaviour.PLAYS_AND_LEAVES:
                connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def _send_all(self, connection: socket.socket) -> None:
        if self.script is not None:
            self._send_script(connection, self.script())
            return
        number = 0
        for stamp, unit in self.video:
            for payload, last in split_payloads(unit):
                number += 1
                if not self.lose_every or number % self.lose_every:
                    connection.sendall(RtpPacket(0.0, stamp, number, payload, last).wire())
            if self._stop.wait(self.pause_s):
                return
        sound = 0
        while self.audio and not self._stop.wait(0.02):
            packet = RtpPacket(0.0, sound * 160, sound, b"\xff" * 160, channel=AUDIO_CHANNEL, kind=AUDIO_KIND)
            connection.sendall(packet.wire())
            sound += 1

    def _send_script(self, connection: socket.socket, script: Iterable[RtpPacket]) -> None:
        began_s = time.monotonic()
        for packet in script:
            wait_s = began_s + packet.at_s - time.monotonic()
            if wait_s > 0 and self._stop.wait(wait_s):
                return
            connection.sendall(packet.wire())


_CHANNELS = {"video": VIDEO_CHANNEL, "audio": AUDIO_CHANNEL, "metadata": DATA_CHANNEL}


def _transport(asked: str, address: str) -> str:
    """Return the transport to answer with: over TCP the track's own channels, whatever the client proposed."""
    channel = _CHANNELS.get(address.rstrip("/").rsplit("/", 1)[-1])
    if channel is None or "interleaved" not in asked:
        return asked
    return re.sub(r"interleaved=[0-9]+-[0-9]+", f"interleaved={channel}-{channel + 1}", asked)


@contextmanager
def serve_scripted_camera(camera: ScriptedCamera) -> Iterator[ScriptedCamera]:
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


def _has_hung_up(connection: socket.socket) -> bool:
    """Return whether the client has ended this connection, whether that was read yet or not."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return any(event & (select.POLLRDHUP | select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))


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
