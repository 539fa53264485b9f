"""Cameras that harm their reader, and cameras that are odd but harmless, each with its own kind of trouble.

`serve_hostile_cameras` serves one of each. The harmless ones send perfect pictures in an unusual way and must be
judged as
any other camera; the others must cost nobody but themselves. Everything is on loopback addresses; "another host" is
127.0.0.2, where a witness counts who calls and keeps what was said.
"""

import hashlib
import random
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import av
import cv2

from simulation.cameras.grey_h264 import grey_picture
from simulation.cameras.http_camera import repeat_at_rate, serve_jpeg_camera
from simulation.cameras.rtp import PacketScript, RtpPacket, packetise_video, restart_numbers, split_access_unit
from simulation.cameras.scripted_camera import CameraBehaviour, ScriptedCamera, serve_scripted_camera
from simulation.cameras.socket_server import read_head, serve_connections

OTHER_HOST = "127.0.0.2"
USER, PASSWORD = "guard", "canary-4f1c9b27e6"
"""In every address here, so that it can be searched for wherever it must not be."""
HUGE_SIDE = 16_000
_FLOOD = 64 * 1024
_FLOOD_PAUSE_S = 0.02
"""Three megabytes a second: enough to fill any memory in minutes, little enough to leave the machine to others."""
_SLOW_CLOCK = 100.0
_RESTART_S = 8.0
_MJPEG_FPS = 2.0
_REALM, _NONCE = "camera", "5d9c0b7a"


@dataclass(frozen=True, slots=True)
class StressCamera:
    """One camera that is served. `harmless`: its pictures are perfect, so it must be evaluated without an alert."""

    name: str
    url: str = field(repr=False)
    harmless: bool = False


@dataclass
class ForeignHost:
    """Listens on another host and keeps what clients that were sent there send."""

    calls: int = 0
    heard: list[bytes] = field(default_factory=list)

    def talk(self, connection: socket.socket, _stop: threading.Event) -> None:
        self.calls += 1
        connection.settimeout(2.0)
        self.heard.append(connection.recv(4096))


@dataclass(frozen=True, slots=True)
class StressCameras:
    """All of them, and who counts the calls that must not be made."""

    cameras: tuple[StressCamera, ...]
    witness: ForeignHost


@contextmanager
def serve_hostile_cameras(film: Path) -> Iterator[StressCameras]:
    """Serve one camera of each kind while the block runs; `film` is an H.264 file that starts with a key picture."""
    witness = ForeignHost()
    units, rate = read_access_units(film)
    with ExitStack() as stack:
        elsewhere = stack.enter_context(serve_connections(witness.talk, OTHER_HOST))
        found = [
            StressCamera(name, stack.enter_context(served), harmless=True)
            for name, served in _harmless_cameras(units, rate, film).items()
        ]
        found += [
            StressCamera(name, _add_login(stack.enter_context(served)))
            for name, served in _harmful_cameras(units, rate, elsewhere).items()
        ]
        yield StressCameras(tuple(found), witness)


def read_access_units(film: Path) -> tuple[list[bytes], float]:
    """Return the film's access units with start codes and parameter sets, and its pictures a second."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        converter = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [packet for packet in container.demux(stream) if packet.size]
        units = [bytes(each) for packet in packets for each in converter.filter(packet)]
        return units, float(stream.average_rate or 10)


def serve_healthy_camera(units: Sequence[bytes], rate: float) -> AbstractContextManager[str]:
    """Serve these pictures as a plain camera does, over and over; gives its address."""
    return _serve_script(lambda: packetise_video(units, fps=rate, loop=True))


def _harmless_cameras(units: Sequence[bytes], rate: float, film: Path) -> dict[str, AbstractContextManager[str]]:
    broken_sei = [add_malformed_sei(unit) for unit in units]
    return {
        "slow-clock": _serve_script(
            lambda: packetise_video(units, fps=rate, loop=True, stamp_of=lambda index: index / rate / _SLOW_CLOCK)
        ),
        "slow-mjpeg": serve_jpeg_camera(repeat_at_rate(_read_pictures(film), _MJPEG_FPS)),
        "restarted-sequence": _serve_script(
            lambda: restart_numbers(packetise_video(units, fps=rate, loop=True), every_s=_RESTART_S)
        ),
        "malformed-sei": _serve_script(lambda: packetise_video(broken_sei, fps=rate, loop=True)),
        "sha256-only": _serve_scripted_url(
            _Sha256Camera(CameraBehaviour.PLAYS, script=lambda: packetise_video(units, fps=rate, loop=True)),
            with_login=True,
        ),
    }


def _harmful_cameras(units: Sequence[bytes], rate: float, elsewhere: int) -> dict[str, AbstractContextManager[str]]:
    huge = [grey_picture(HUGE_SIDE, HUGE_SIDE)]
    away = f"rtsp://{OTHER_HOST}:{elsewhere}/stream"
    return {
        "huge-pictures": _serve_script(lambda: packetise_video(huge, fps=1.0, loop=True)),
        "nesting-playlist": _serve_http_camera(_nest_playlists, "live.m3u8"),
        "playlist-elsewhere": _serve_http_camera(partial(_playlist_elsewhere, elsewhere), "live.m3u8"),
        "http-redirect": _serve_http_camera(partial(_http_redirect, elsewhere), "video"),
        "huge-answer": _serve_rtsp_camera(partial(_send_flood, length=2_147_483_000, chunk=b"\0" * _FLOOD)),
        "endless-description": _serve_rtsp_camera(partial(_send_flood, length=900_000_000, chunk=_endless_lines())),
        "rtsp-redirect": _serve_rtsp_camera(partial(_redirect, away=away)),
        "half-open": _serve_scripted_url(ScriptedCamera(CameraBehaviour.HALF_OPEN)),
        "garbage": _serve_rtsp_camera(_send_garbage),
        "garbled-stream": _serve_script(lambda: insert_garbage(packetise_video(units, fps=rate, loop=True))),
        "wrong-payload-type": _serve_script(
            lambda: (replace(packet, kind=97) for packet in packetise_video(units, fps=rate, loop=True))
        ),
    }


def add_malformed_sei(unit: bytes) -> bytes:
    """Return the access unit with a user-data SEI before it that claims more bytes than it holds."""
    claimed, held = 200, b"no more than this...\x80"
    return (
        b"\x00\x00\x00\x01"
        + bytes([6, 5, claimed])
        + held
        + b"".join(b"\x00\x00\x00\x01" + n for n in split_access_unit(unit))
    )


@dataclass(frozen=True, slots=True)
class _Garbage(RtpPacket):
    """Bytes between two packets that are none."""

    def wire(self) -> bytes:
        return self.payload


def insert_garbage(script: PacketScript, *, every: int = 10, seed: int = 7) -> PacketScript:
    """Throw some bytes between the packets, as broken firmware and meddling gateways do."""
    chance = random.Random(seed)
    for number, packet in enumerate(script):
        if number % every == 0:
            noise = bytes(chance.choice(b"abcdefghij\x00\xff\x01") for _ in range(70))
            yield _Garbage(packet.at_s, packet.stamp, packet.number, noise)
        yield packet


@contextmanager
def _serve_script(script: Callable[[], Iterable[RtpPacket]]) -> Iterator[str]:
    with serve_scripted_camera(ScriptedCamera(CameraBehaviour.PLAYS, script=script)) as camera:
        yield camera.url


@contextmanager
def _serve_scripted_url(camera: ScriptedCamera, *, with_login: bool = False) -> Iterator[str]:
    with serve_scripted_camera(camera):
        yield _add_login(camera.url) if with_login else camera.url


class _Sha256Camera(ScriptedCamera):
    """Accepts only who answers its SHA-256 challenge (RFC 7616) with the right password."""

    def _answer(self, request: str, headers: dict[str, str]) -> bytes:
        method = request.split(maxsplit=1)[0]
        if method == "OPTIONS" or knows_password(method, headers.get("authorization", "")):
            return super()._answer(request, headers)
        challenge = f'WWW-Authenticate: Digest realm="{_REALM}", nonce="{_NONCE}", algorithm=SHA-256, qop="auth"'
        return f"RTSP/1.0 401 Unauthorized\r\nCSeq: {headers.get('cseq', '0')}\r\n{challenge}\r\n\r\n".encode()


def knows_password(method: str, authorization: str) -> bool:
    """Return whether a Digest answer to our SHA-256 challenge, with or without `qop`, proves the password."""
    given = dict(re.findall(r'(\w{1,40})="?([^",]{0,500})"?', authorization))

    def sha256(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    rest = [given.get(name, "") for name in ("nc", "cnonce", "qop")] if "qop" in given else []
    secret, asked = sha256(f"{USER}:{_REALM}:{PASSWORD}"), sha256(f"{method}:{given.get('uri', '')}")
    return given.get("nonce") == _NONCE and given.get("response") == sha256(":".join([secret, _NONCE, *rest, asked]))


Answer = Callable[[socket.socket, threading.Event, str, str], None]
"""Answers a request (its method, the header line that repeats its number)."""


@contextmanager
def _serve_rtsp_camera(describe: Answer) -> Iterator[str]:
    """Serve a camera whose answer to everything but OPTIONS is `describe`'s."""

    def talk(connection: socket.socket, stop: threading.Event) -> None:
        while head := read_head(connection).decode("latin-1"):
            method = head.split(" ", 1)[0]
            found = re.search(r"^CSeq: *\d+", head, re.MULTILINE | re.IGNORECASE)
            sequence = found[0] if found else "CSeq: 1"
            if method == "OPTIONS":
                public = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"
                connection.sendall(f"RTSP/1.0 200 OK\r\n{sequence}\r\n{public}\r\n\r\n".encode())
            else:
                describe(connection, stop, method, sequence)

    with serve_connections(talk) as port:
        yield f"rtsp://127.0.0.1:{port}/stream"


def _send_flood(
    connection: socket.socket, stop: threading.Event, _method: str, sequence: str, *, length: int, chunk: bytes
) -> None:
    head = f"RTSP/1.0 200 OK\r\n{sequence}\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode() + b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n")
    while not stop.wait(_FLOOD_PAUSE_S):
        connection.sendall(chunk)


def _endless_lines() -> bytes:
    track = b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track\r\n"
    return track * (_FLOOD // len(track))


def _redirect(connection: socket.socket, _stop: threading.Event, _method: str, sequence: str, *, away: str) -> None:
    connection.sendall(f"RTSP/1.0 302 Moved Temporarily\r\n{sequence}\r\nLocation: {away}\r\n\r\n".encode())


def _send_garbage(connection: socket.socket, _stop: threading.Event, _method: str, _sequence: str) -> None:
    """Say something that is no RTSP and hang up; the reader's next attempt finds the same."""
    connection.sendall(random.Random(11).randbytes(3000))
    connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def _serve_http_camera(answer: Callable[[str], bytes], path: str) -> Iterator[str]:
    """Serve a camera that gives `answer(path asked for)`, a whole HTTP answer, and hangs up."""

    def talk(connection: socket.socket, _stop: threading.Event) -> None:
        head = read_head(connection).decode("latin-1")
        asked = head.split(" ")[1] if head.count(" ") >= 2 else "/"
        connection.sendall(answer(asked))

    with serve_connections(talk) as port:
        yield f"http://127.0.0.1:{port}/{path}"


def _make_http_answer(body: str, kind: str = "application/vnd.apple.mpegurl") -> bytes:
    head = f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return (head + body).encode()


def _nest_playlists(asked: str) -> bytes:
    """Give a list of eight lists, each of which is such a list: eight to the power of any depth."""
    names = "".join(f"#EXT-X-STREAM-INF:BANDWIDTH=1000\n{asked.strip('/')}?{number}\n" for number in range(8))
    return _make_http_answer("#EXTM3U\n" + names)


def _playlist_elsewhere(port: int, _asked: str) -> bytes:
    parts = "".join(f"#EXTINF:1.0,\nhttp://{OTHER_HOST}:{port}/{number}.ts\n" for number in range(8))
    return _make_http_answer(f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:1\n{parts}")


def _http_redirect(port: int, _asked: str) -> bytes:
    return f"HTTP/1.0 302 Found\r\nLocation: http://{OTHER_HOST}:{port}/video\r\nContent-Length: 0\r\n\r\n".encode()


def _add_login(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{USER}:{PASSWORD}@{rest}"


def _read_pictures(film: Path, most: int = 100) -> list[bytes]:
    """Return the film's first pictures as JPEG."""
    found = []
    with av.open(str(film)) as container:
        for frame in container.decode(video=0):
            done, coded = cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, 85])
            found += [coded.tobytes()] if done else []
            if len(found) == most:
                break
    return found
