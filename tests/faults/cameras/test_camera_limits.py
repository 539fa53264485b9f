"""What a camera may ask for is bounded: pixels, bytes, time. Past it the camera is refused, in a guard's words."""

import io
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from domain.errors import NoVideo, OverLimit, SourceUnavailable
from ingest.limits import MEGABYTE, Deadlines, ReadingLimits
from simulation.cameras.rtp import RtpPacket, split_payloads
from simulation.cameras.scripted_camera import CameraBehaviour, ScriptedCamera, serve_scripted_camera
from tests.cameras.answering_server import Answer, ReceivedRequest, make_http_answer, make_rtsp_answer, serve_answers
from tests.cameras.films import encode_access_units, write_test_film
from tests.cameras.source_reading import SHORT, read_source

SMALL = ReadingLimits(max_pixels=10_000, max_picture_bytes=2 * MEGABYTE)
SHARE = 200 * MEGABYTE
"""What none of these may make this process grow by."""
MEDIA = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:video\r\n"
DESCRIPTION = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\n" + MEDIA


def resident_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


def huge_jpeg(width: int, height: int) -> bytes:
    """Return a JPEG whose header claims to be this large, with the bytes that so many blocks need at least."""
    with io.BytesIO() as file, av.open(file, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((96, 64), np.uint8), format="yuvj420p")
        data = b"".join(bytes(packet) for packet in [*stream.encode(picture), *stream.encode(None)])
    at = data.index(b"\xff\xc0")
    claim = data[: at + 5] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[at + 9 :]
    return claim[:-2] + bytes(width * height // 64) + claim[-2:]


def multipart(parts: Iterable[bytes]) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
    for part in parts:
        yield b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(part) + part + b"\r\n"


@pytest.mark.parametrize("first", [0, 3])
def test_a_jpeg_that_claims_to_be_huge_is_refused(first: int) -> None:
    pictures = [huge_jpeg(64, 64)] * first + [huge_jpeg(16000, 16000)] * 3
    before = resident_bytes()
    with serve_answers(lambda asked: multipart(pictures)) as camera:
        result = read_source(camera.url("http"), deadlines=SHORT)
    assert type(result.error) is OverLimit
    assert "16000x16000" in str(result.error)
    assert "ingest.max_pixels" in str(result.error)
    assert resident_bytes() - before < SHARE


@pytest.mark.parametrize("ending", ["mp4", "ts", "mkv"])
@pytest.mark.parametrize("over_http", [False, True])
def test_a_recording_of_too_many_pixels_is_refused(tmp_path: Path, ending: str, over_http: bool) -> None:
    path = write_test_film(tmp_path / f"film.{ending}", frames=10)
    content = path.read_bytes()
    with serve_answers(lambda asked: make_http_answer(content)) as camera:
        result = read_source(camera.url("http") if over_http else str(path), limits=SMALL)
    assert type(result.error) is OverLimit
    assert result.frames == []


def test_a_camera_whose_pictures_grow_in_mid_stream_is_refused() -> None:
    units = encode_access_units(10, size=(96, 64)) + encode_access_units(10, size=(320, 192))
    video = [(index * 3600, unit) for index, unit in enumerate(units)]
    with serve_scripted_camera(ScriptedCamera(CameraBehaviour.PLAYS, video=video)) as camera:
        result = read_source(camera.url, deadlines=SHORT, limits=SMALL)
    assert len(result.frames) >= 8
    assert type(result.error) is OverLimit
    assert "320x192" in str(result.error)


def answer_without_end(piece: bytes, head: bytes = b"") -> Callable[[ReceivedRequest], Iterator[bytes]]:
    """Answer with `head` and then the same bytes for ever."""
    return lambda asked: itertools.chain([head] if head else [], itertools.repeat(piece))


HTTP_OK = b"HTTP/1.1 200 OK\r\n"
MULTIPART = HTTP_OK + b"Content-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
PART = MULTIPART + b"--b\r\nContent-Type: image/jpeg\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        answer_without_end(bytes(65536), PART + b"\r\n\xff\xd8"),
        answer_without_end(bytes(65536), PART + b"Content-Length: 2000000000\r\n\r\n\xff\xd8"),
        answer_without_end(b"X-Header: more\r\n" * 1000, PART),
        answer_without_end(bytes(65536), MULTIPART),
        answer_without_end(b"X-Header: more\r\n" * 1000, HTTP_OK),
        answer_without_end(b"x" * 65536, HTTP_OK + b"X-Header: "),
        answer_without_end(b"\xff\xd8\xff" + b"x" * 65536, HTTP_OK + b"\r\n\xff\xd8\xff\xe0"),
        answer_without_end(b"\x47" + bytes(187), HTTP_OK + b"Content-Type: video/mp2t\r\n\r\n"),
        answer_without_end(bytes(65536), HTTP_OK + b"Content-Length: 9000000000\r\n\r\n\x7f\xff\xff\xf0moov"),
        answer_without_end(b"10000\r\n" + bytes(65536) + b"\r\n", HTTP_OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    ],
)
def test_an_http_answer_without_an_end_is_refused(reply: Callable[[ReceivedRequest], Answer]) -> None:
    before, began_s = resident_bytes(), time.monotonic()
    with serve_answers(reply) as camera:
        result = read_source(camera.url("http"), deadlines=SHORT, limits=SMALL)
    assert isinstance(result.error, SourceUnavailable)
    assert resident_bytes() - before < SHARE
    assert time.monotonic() - began_s < 90.0


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Slow: ", MULTIPART + b"--b\r\nX-Slow: "])
def test_an_answer_that_drips_is_given_up_at_its_deadline(head: bytes) -> None:
    def drip(asked: ReceivedRequest) -> Iterator[bytes]:
        yield head
        while True:
            time.sleep(0.1)
            yield b"x"

    began_s = time.monotonic()
    with serve_answers(drip) as camera:
        result = read_source(camera.url("http"), deadlines=SHORT)
    assert isinstance(result.error, SourceUnavailable)
    assert time.monotonic() - began_s < 60.0


def answer_until_play(asked: ReceivedRequest, rest: Callable[[ReceivedRequest], Answer]) -> Answer:
    """Answer as a camera until PLAY, and then with `rest`."""
    if asked.method == "DESCRIBE":
        return make_rtsp_answer(asked, extra="Content-Type: application/sdp\r\n", body=DESCRIPTION)
    if asked.method == "SETUP":
        return make_rtsp_answer(asked, extra=f"Session: 7\r\nTransport: {asked.headers.get('transport', '')}\r\n")
    return rest(asked) if asked.method == "PLAY" else make_rtsp_answer(asked)


def on_describe(rest: Callable[[ReceivedRequest], Answer]) -> Callable[[ReceivedRequest], Answer]:
    return lambda asked: rest(asked) if asked.method == "DESCRIBE" else answer_until_play(asked, make_rtsp_answer)


def fragments_without_end(asked: ReceivedRequest) -> Iterator[bytes]:
    """Play a picture whose fragments never end (RFC 6184, FU-A)."""
    yield make_rtsp_answer(asked, extra="Session: 7\r\n")
    for number in itertools.count():
        flags = 0x80 if number == 0 else 0
        yield RtpPacket(0.0, 0, number, bytes([0x7C, flags | 5]) + bytes(60000)).wire()


def claim_in_mid_stream(text: bytes) -> Callable[[ReceivedRequest], Iterator[bytes]]:
    def play(asked: ReceivedRequest) -> Iterator[bytes]:
        yield make_rtsp_answer(asked, extra="Session: 7\r\n")
        for index, unit in enumerate(encode_access_units(5)):
            for payload, last in split_payloads(unit):
                yield RtpPacket(0.0, index * 3600, index, payload, last).wire()
        yield text
        yield from itertools.repeat(bytes(65536))

    return play


RTSP_OK = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n"
SDP_HEAD = RTSP_OK + b"Content-Type: application/sdp\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        on_describe(lambda asked: SDP_HEAD + b"Content-Length: 2000000000\r\n\r\nv=0\r\n"),
        on_describe(lambda asked: SDP_HEAD + b"Content-Length: 99999999999999999999\r\n\r\n"),
        on_describe(lambda asked: SDP_HEAD + b"Content-Length: -5\r\n\r\n"),
        on_describe(answer_without_end(b"a=x:y\r\n" * 5000, SDP_HEAD + b"Content-Length: 2000000000\r\n\r\nv=0\r\n")),
        on_describe(answer_without_end(b"X-Header: more\r\n" * 1000, RTSP_OK)),
        on_describe(answer_without_end(b"x" * 65536, RTSP_OK + b"X-Header: ")),
        lambda asked: answer_until_play(asked, fragments_without_end),
        lambda asked: answer_until_play(asked, claim_in_mid_stream(RTSP_OK + b"Content-Length: 2000000000\r\n\r\n")),
        lambda asked: answer_until_play(
            asked, claim_in_mid_stream(b"ANNOUNCE rtsp://x RTSP/1.0\r\nContent-Length: 2000000000\r\n\r\n")
        ),
        lambda asked: answer_until_play(asked, claim_in_mid_stream(b"no packet and no answer ")),
    ],
)
def test_an_rtsp_camera_that_sends_without_end_is_refused(reply: Callable[[ReceivedRequest], Answer]) -> None:
    before, began_s = resident_bytes(), time.monotonic()
    with serve_answers(reply) as camera:
        result = read_source(
            camera.url("rtsp"),
            deadlines=Deadlines(open_s=4.0, video_s=4.0),
            limits=ReadingLimits(max_picture_bytes=8 * MEGABYTE),
        )
    assert isinstance(result.error, SourceUnavailable)
    assert resident_bytes() - before < SHARE
    assert time.monotonic() - began_s < 90.0


def test_a_description_of_thousands_of_tracks_is_refused_or_bounded() -> None:
    body = DESCRIPTION + MEDIA * 2500
    with serve_answers(on_describe(lambda asked: make_rtsp_answer(asked, body=body))) as camera:
        result = read_source(camera.url("rtsp"), deadlines=SHORT)
        assert len(camera.asked) < 40
    assert isinstance(result.error, SourceUnavailable)


def test_noise_between_packets_costs_no_picture() -> None:
    def play(asked: ReceivedRequest) -> Iterator[bytes]:
        yield make_rtsp_answer(asked, extra="Session: 7\r\n")
        number = 0
        for index, unit in enumerate(encode_access_units(20)):
            yield b"noise $\x07 and more\x00\xff$$"
            for payload, last in split_payloads(unit):
                number += 1
                yield RtpPacket(0.0, index * 3600, number, payload, last).wire()
        yield b""

    with serve_answers(lambda asked: answer_until_play(asked, play)) as camera:
        result = read_source(camera.url("rtsp"), deadlines=SHORT)
    assert len(result.frames) >= 18


def test_silence_in_the_middle_is_no_video() -> None:
    given_up = threading.Event()

    def play(asked: ReceivedRequest) -> Iterator[bytes]:
        yield from multipart([huge_jpeg(64, 64)] * 5)
        given_up.wait(60.0)

    with serve_answers(play) as camera:
        result = read_source(camera.url("http"), deadlines=SHORT)
        given_up.set()
    assert type(result.error) is NoVideo
