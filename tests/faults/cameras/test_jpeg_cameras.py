"""JPEG over HTTP as cameras really write it: whatever stands around the pictures, each one arrives once and whole."""

import gzip
import random
from collections.abc import Callable, Iterator

import pytest

from domain.errors import SourceUnavailable
from ingest.limits import ReadingLimits
from tests.cameras.answering_server import serve_answers
from tests.cameras.films import encode_access_units
from tests.cameras.source_reading import SHORT, SourceReading, read_source

PICTURES = 12
Part = Callable[[int, bytes], bytes]


def part(
    boundary: bytes = b"--frame\r\n",
    headers: bytes = b"Content-Type: image/jpeg\r\n",
    length: Callable[[int], int | None] = lambda size: size,
    after: bytes = b"\r\n",
) -> Part:
    """Return how a camera writes one picture; `length` is what it says of the picture's size."""

    def write(index: int, picture: bytes) -> bytes:
        said = length(len(picture))
        line = b"" if said is None else b"Content-Length: %d\r\n" % said
        return boundary + headers + line + b"\r\n" + picture + after

    return write


def add_thumbnail(picture: bytes) -> bytes:
    """Put a whole small JPEG into the picture's EXIF segment."""
    small = encode_access_units(1, codec="mjpeg", size=(32, 32))[0]
    return picture[:2] + b"\xff\xe1" + (len(small) + 8).to_bytes(2, "big") + b"Exif\x00\x00" + small + picture[2:]


MULTIPART = "multipart/x-mixed-replace; boundary=frame"
CAMERAS: dict[str, tuple[Part, str]] = {
    "as it should be": (part(), MULTIPART),
    "no length": (part(length=lambda size: None), MULTIPART),
    "no boundary before the first": (
        part(boundary=b"", after=b"\r\n--frame\r\n"),
        MULTIPART,
    ),
    "a boundary without dashes": (part(boundary=b"frame\r\n"), MULTIPART),
    "no dashes and no length": (part(boundary=b"frame\r\n", length=lambda size: None), MULTIPART),
    "another boundary than announced": (part(boundary=b"----other\r\n"), MULTIPART),
    "no boundary announced": (part(), "multipart/x-mixed-replace"),
    "a wrong name of the type": (part(headers=b"Content-Type: image/jpg\r\n"), MULTIPART),
    "another type": (part(headers=b"Content-Type: application/octet-stream\r\n"), MULTIPART),
    "no type": (part(headers=b""), MULTIPART),
    "a timestamp before the length": (part(headers=b"X-Timestamp: 17.5\r\nContent-Type: image/jpeg\r\n"), MULTIPART),
    "a length too short": (part(length=lambda size: size - 20), MULTIPART),
    "a length too long": (part(length=lambda size: size + 300), MULTIPART),
    "a length of nought": (part(length=lambda size: 0), MULTIPART),
    "zeros after the picture": (part(after=bytes(64) + b"\r\n"), MULTIPART),
    "line feeds alone": (
        lambda index, picture: (
            part()(index, b"").replace(b"\r\n", b"\n").replace(b": 0", b": %d" % len(picture)) + picture + b"\n"
        ),
        MULTIPART,
    ),
    "empty parts between": (lambda index, picture: part()(index, b"") + part()(index, picture), MULTIPART),
    "parts of text between": (
        lambda index, picture: (
            b"--frame\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello\r\n" + part()(index, picture)
        ),
        MULTIPART,
    ),
    "words before the first": (
        lambda index, picture: (b"hello, here is camera 5\r\n" if not index else b"") + part()(index, picture),
        MULTIPART,
    ),
    "nothing around the pictures": (lambda index, picture: picture, "image/jpeg"),
    "no type of the answer": (part(), "application/octet-stream"),
    "thumbnails within": (lambda index, picture: part()(index, add_thumbnail(picture)), MULTIPART),
    "thumbnails within and no length": (
        lambda index, picture: part(length=lambda size: None)(index, add_thumbnail(picture)),
        MULTIPART,
    ),
}


def read_jpeg_camera(
    write: Part, kind: str, pieces: Callable[[bytes], Iterator[bytes]], extra: str = ""
) -> SourceReading:
    pictures = encode_access_units(PICTURES, codec="mjpeg")
    body = b"".join(write(index, picture) for index, picture in enumerate(pictures))

    def answer() -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{extra}\r\n".encode()
        yield from pieces(body)

    with serve_answers(lambda asked: answer()) as camera:
        return read_source(camera.url("http"), deadlines=SHORT)


def at_once(body: bytes) -> Iterator[bytes]:
    yield body


def in_pieces(body: bytes) -> Iterator[bytes]:
    lengths = random.Random(5)
    while body:
        size = lengths.choice((1, 2, 7, 100, 1400))
        yield body[:size]
        body = body[size:]


@pytest.mark.parametrize("pieces", [at_once, in_pieces])
@pytest.mark.parametrize("name", CAMERAS)
def test_every_picture_arrives_once_and_whole(name: str, pieces: Callable[[bytes], Iterator[bytes]]) -> None:
    result = read_jpeg_camera(*CAMERAS[name], pieces)
    assert len(result.frames) == PICTURES, result.error
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)
    assert "the camera ended the stream" in str(result.error)


@pytest.mark.parametrize("length", ["0", "-1", "5000", "99999999999999"])
def test_pictures_without_end_have_no_length(length: str) -> None:
    result = read_jpeg_camera(part(), MULTIPART, at_once, extra=f"Content-Length: {length}\r\n")
    assert len(result.frames) == PICTURES


def test_what_never_holds_a_picture_is_refused_in_plain_words() -> None:
    result = read_jpeg_camera(lambda index, picture: b"\x00\x00\x01\x65" * 100_000, MULTIPART, at_once)
    assert type(result.error) is SourceUnavailable
    assert "something else than JPEG pictures" in str(result.error)


def test_an_answer_of_other_pictures_that_ends_is_named_and_no_closed_connection() -> None:
    result = read_jpeg_camera(lambda index, picture: b"--b\r\n\r\n\x89PNG\r\n" + bytes(300), MULTIPART, at_once)
    assert "something else than JPEG pictures" in str(result.error)


def test_a_picture_without_end_takes_no_more_than_its_limit() -> None:
    def endless(body: bytes) -> Iterator[bytes]:
        yield b"--frame\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0"
        while True:
            yield b"\xff\xd9\x01" * 20_000

    limits = ReadingLimits(max_picture_bytes=2 * 1024 * 1024)

    def answer() -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\nContent-Type: {MULTIPART}\r\n\r\n".encode()
        yield from endless(b"")

    with serve_answers(lambda asked: answer()) as camera:
        result = read_source(camera.url("http"), deadlines=SHORT, limits=limits)
    assert "without completing one picture" in str(result.error)


TYPE = f"Content-Type: {MULTIPART}\r\n"
HEADS = {
    "a shoutcast status": f"ICY 200 OK\r\n{TYPE}\r\n",
    "a status without words": f"HTTP/1.1 200\r\n{TYPE}\r\n",
    "small letters": f"http/1.1 200 ok\r\n{TYPE.lower()}\r\n",
    "capital letters": f"HTTP/1.1 200 OK\r\n{TYPE.upper()}\r\n",
    "line feeds alone": f"HTTP/1.1 200 OK\n{TYPE.rstrip()}\n\n",
    "a folded line": "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;\r\n boundary=frame\r\n\r\n",
    "other words beside the boundary": f"HTTP/1.1 200 OK\r\n{TYPE.replace('boundary', 'charset=utf-8; boundary')}\r\n",
    "two types": f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{TYPE}\r\n",
    "no headers": "HTTP/1.1 200 OK\r\n\r\n",
    "an interim answer before it": f"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n{TYPE}\r\n",
    "a part that was not asked for": f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/2\r\n{TYPE}\r\n",
    "a line without a colon": f"HTTP/1.1 200 OK\r\nServer\r\n{TYPE}\r\n",
    "letters of no alphabet": f"HTTP/1.1 200 OK\r\nServer: caf\xe9 \xff\r\n{TYPE}\r\n",
    "a coding that changes nothing": f"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n{TYPE}\r\n",
}


@pytest.mark.parametrize("name", HEADS)
def test_an_answer_with_an_odd_head_is_read(name: str) -> None:
    body = b"".join(
        part()(index, picture) for index, picture in enumerate(encode_access_units(PICTURES, codec="mjpeg"))
    )
    with serve_answers(lambda asked: iter([HEADS[name].encode("latin-1") + body])) as camera:
        result = read_source(camera.url("http"), deadlines=SHORT)
    assert len(result.frames) == PICTURES, result.error
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br"])
def test_an_answer_that_was_compressed_is_refused_by_its_coding(coding: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n{TYPE}\r\n".encode()
    with serve_answers(lambda asked: iter([head + gzip.compress(b"pictures")])) as camera:
        result = read_source(camera.url("http"), deadlines=SHORT)
    assert f"compresses its answer ({coding.lower()}), which was not asked for: switch that off" in str(result.error)
