"""Bytes from ingest to workers: exact, versioned, and safe to read from strangers."""

import json
import random
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from domain.cameras import ConnectionState, SamplingMode, SamplingPlan, StreamCounters, StreamStatus
from domain.errors import FrameRejected
from domain.frames import ColorMatrix, ColorRange, Frame, FrameFormat, FrameMeasurement, FrameRef, Plane
from transport.codec import MAX_MESSAGE_BYTES, decode_message, encode_message
from transport.compression import Compression

AT = datetime(2026, 3, 2, 8, 0, 1, 234567, tzinfo=UTC)
REF = FrameRef("gate", "session-1", 41, 3.0000000000000004, AT)

SHAPES: dict[str, tuple[bool, list[tuple[int, ...]]]] = {
    "yuv420p": (False, [(9, 7), (5, 4), (5, 4)]),
    "yuv420p10le": (True, [(8, 8), (4, 4), (4, 4)]),
    "yuv444p": (False, [(6, 8), (6, 8), (6, 8)]),
    "gray": (False, [(5, 3)]),
    "gray12le": (True, [(5, 3)]),
    "nv12": (False, [(8, 6), (4, 6)]),
    "rgb24": (False, [(4, 5, 3)]),
}


def samples(deep: bool, shape: tuple[int, ...]) -> Plane:
    random = np.random.default_rng(7)
    if deep:
        return random.integers(0, 65535, shape, dtype=np.uint16, endpoint=True)
    return random.integers(0, 255, shape, dtype=np.uint8, endpoint=True)


def frame(pixel_format: str = "yuv420p") -> Frame:
    deep, shapes = SHAPES[pixel_format]
    height, width = shapes[0][:2]
    colours = FrameFormat(width, height, pixel_format, ColorRange.FULL, ColorMatrix.BT709)
    return Frame(REF, colours, tuple(samples(deep, shape) for shape in shapes), key_frame=True, corrupt=True, qp=27.5)


def status() -> StreamStatus:
    counters = StreamCounters(packets=9, frames_dropped=2, fps=24.97, bitrate_bps=3.6e6, codec="h264", width=1920)
    plan = SamplingPlan(SamplingMode.PATROL, judge_s=10.0, every_s=300.0)
    return StreamStatus("gate", "session-1", 41, AT, ConnectionState.LIVE, "läuft", AT, counters, plan)


@pytest.mark.parametrize("compression", list(Compression))
@pytest.mark.parametrize("pixel_format", list(SHAPES))
def test_every_sample_arrives_as_it_was_sent(pixel_format: str, compression: Compression) -> None:
    sent = frame(pixel_format)
    received = decode_message(encode_message(sent, compression=compression))
    assert isinstance(received, Frame)
    assert [plane.dtype for plane in received.planes] == [plane.dtype for plane in sent.planes]
    assert [plane.tolist() for plane in received.planes] == [plane.tolist() for plane in sent.planes]
    assert replace(received, planes=()) == replace(sent, planes=())


def test_a_status_arrives_as_it_was_sent() -> None:
    assert decode_message(encode_message(status())) == status()


def test_a_status_from_before_the_time_of_the_last_picture_is_still_read() -> None:
    newer = replace(status(), last_picture_at=AT)
    assert decode_message(encode_message(newer)) == newer
    older = encode_message(status()).replace(b',"last_picture_at":null', b"")
    assert b"last_picture_at" not in older
    head = older.index(b"{")
    older = older[: head - 4] + struct.pack("<I", len(older) - head) + older[head:]
    assert decode_message(older) == status()


def test_rows_that_are_not_contiguous_arrive_in_order() -> None:
    wide = np.arange(200, dtype=np.uint8).reshape(10, 20)
    sent = Frame(REF, FrameFormat(5, 10, "gray"), (wide[:, ::4],))
    received = decode_message(encode_message(sent))
    assert isinstance(received, Frame)
    assert received.planes[0].tolist() == wide[:, ::4].tolist()


def test_received_planes_own_their_memory() -> None:
    received = decode_message(encode_message(frame()))
    assert isinstance(received, Frame)
    assert all(plane.flags.writeable for plane in received.planes)


def test_the_first_byte_is_the_version() -> None:
    assert encode_message(frame())[0] == encode_message(status())[0] == 1


def test_a_newer_version_is_refused_by_its_number_alone() -> None:
    with pytest.raises(FrameRejected, match="version 3 is newer"):
        decode_message(b"\x03anything else")


@pytest.mark.parametrize("length", [0, 1, 4, 7, 50, -1])
@pytest.mark.parametrize("compression", list(Compression))
def test_a_truncated_message_is_refused(length: int, compression: Compression) -> None:
    whole = encode_message(frame(), compression=compression)
    with pytest.raises(FrameRejected):
        decode_message(whole[:length])


@pytest.mark.parametrize("compression", list(Compression))
def test_bytes_beyond_the_planes_are_refused(compression: Compression) -> None:
    with pytest.raises(FrameRejected, match="malformed"):
        decode_message(encode_message(frame(), compression=compression) + b"\0")


@pytest.mark.parametrize("compression", [Compression.ZLIB, Compression.ZSTD])
def test_compressed_planes_of_rubbish_are_refused(compression: Compression) -> None:
    whole = encode_message(frame(), compression=compression)
    with pytest.raises(FrameRejected):
        decode_message(whole[:-60] + bytes(60))


def measured_frame(*, picture: bool = True) -> Frame:
    numbers = FrameMeasurement(
        {"luma_mean": 0.1 + 0.2, "shift": -0.0},
        {"saturation": "cannot be measured in this picture"},
        {"exposure": "exposure-2"},
        np.random.default_rng(3).integers(0, 256, (18, 32, 10), dtype=np.uint8),
    )
    whole = frame()
    return replace(whole, measured=numbers, planes=whole.planes if picture else ())


@pytest.mark.parametrize("picture", [True, False])
@pytest.mark.parametrize("compression", list(Compression))
def test_numbers_travel_with_the_picture_or_without(picture: bool, compression: Compression) -> None:
    sent = measured_frame(picture=picture)
    received = decode_message(encode_message(sent, compression=compression))
    assert isinstance(received, Frame)
    assert received.measured == sent.measured
    assert received.measured is not None
    assert sent.measured is not None
    assert sent.measured.structure is not None
    assert received.measured.structure is not None
    assert received.measured.structure.tolist() == sent.measured.structure.tolist()
    assert [plane.tolist() for plane in received.planes] == [plane.tolist() for plane in sent.planes]


def test_numbers_alone_are_a_few_kilobytes() -> None:
    assert len(encode_message(measured_frame(picture=False))) < 8_000


def test_a_message_without_numbers_is_one_that_older_workers_read() -> None:
    assert encode_message(frame())[0] == 1
    assert encode_message(status())[0] == 1
    assert encode_message(measured_frame())[0] == 2


def test_a_frame_with_neither_picture_nor_numbers_is_refused() -> None:
    with pytest.raises(FrameRejected):
        decode_message(encode_message(replace(frame(), planes=())))


@pytest.mark.parametrize(
    ("find", "put"),
    [
        (b'"structure":[18,32,10]', b'"structure":[18,32,11]'),
        (b'"structure":[18,32,10]', b'"structure":[18,-2,10]'),
        (b'"luma_mean":0.30000000000000004', b'"luma_mean":1e300              '),
        (b'"exposure":"exposure-2"', b'"exposure":"expos\\u0007"  '),
    ],
    ids=["too long", "negative", "beyond all measure", "control characters"],
)
def test_numbers_that_cannot_be_are_refused(find: bytes, put: bytes) -> None:
    whole = encode_message(measured_frame(picture=False))
    assert find in whole
    with pytest.raises(FrameRejected):
        decode_message(whole.replace(find, put, 1))


@pytest.mark.parametrize(
    ("index", "value"), [(1, 9), (2, 9), (6, 255)], ids=["unknown kind", "unknown compression", "huge header"]
)
def test_a_malformed_prefix_is_refused(index: int, value: int) -> None:
    broken = bytearray(encode_message(frame()))
    broken[index] = value
    with pytest.raises(FrameRejected):
        decode_message(bytes(broken))


@pytest.mark.parametrize(
    ("find", "put"),
    [(b'"shape":[9,7]', b'"shape":[0,7]'), (b'"sample":"u1"', b'"sample":"f8"'), (b'"sequence":41', b'"sequence":"" ')],
    ids=["empty plane", "unknown samples", "no number"],
)
def test_a_malformed_header_is_refused(find: bytes, put: bytes) -> None:
    whole = encode_message(frame())
    assert find in whole
    with pytest.raises(FrameRejected):
        decode_message(whole.replace(find, put, 1))


@pytest.mark.parametrize("compression", [Compression.ZLIB, Compression.ZSTD])
@pytest.mark.parametrize("claimed", [b"[00001,2]", b"[00002,2]", b"[16384,2]"])
def test_planes_that_expand_to_another_size_than_the_header_says_are_refused(
    claimed: bytes, compression: Compression
) -> None:
    black = Frame(REF, FrameFormat(2, 11111, "gray"), (np.zeros((11111, 2), np.uint8),))
    whole = encode_message(black, compression=compression)
    assert b"[11111,2]" in whole
    with pytest.raises(FrameRejected):
        decode_message(whole.replace(b"[11111,2]", claimed.replace(b"0000", b"    ")))


def test_a_picture_above_the_cap_is_refused_at_both_ends() -> None:
    large = Frame(REF, FrameFormat(7680, 4320, "yuv420p"), (np.zeros((4320, 7680), np.uint8),))
    with pytest.raises(FrameRejected, match="7680x4320 yuv420p picture takes"):
        encode_message(large)
    with pytest.raises(FrameRejected, match="16,000,000 allowed"):
        decode_message(bytes(MAX_MESSAGE_BYTES + 1))


def test_random_bytes_are_refused_and_never_break_the_worker() -> None:
    random = np.random.default_rng(3)
    whole = encode_message(frame())
    for _ in range(300):
        broken = bytearray(whole)
        for position in random.integers(1, len(whole) - sum(p.nbytes for p in frame().planes), 3):
            broken[position] = int(random.integers(0, 256))
        try:
            received = decode_message(bytes(broken))
        except FrameRejected:
            continue
        assert isinstance(received, (Frame, StreamStatus))


def test_times_keep_their_microseconds_and_their_zone() -> None:
    received = decode_message(encode_message(status()))
    assert isinstance(received, StreamStatus)
    assert received.received_at.utcoffset() == timedelta(0)
    assert received.received_at.microsecond == 234567


def header_of(whole: bytes) -> dict[str, Any]:
    length = int.from_bytes(whole[3:7], "little")
    found: dict[str, Any] = json.loads(whole[7 : 7 + length])
    return found


def rewrite_header(message: Frame | StreamStatus, **changes: object) -> bytes:
    """Return the message with members of its header changed, named by their path: ref__sequence."""
    whole = encode_message(message)
    header = header_of(whole)
    for path, value in changes.items():
        *parents, name = path.split("__")
        place = header
        for parent in parents:
            place = place[parent]
        place[name] = value
    text = json.dumps(header).encode()
    end = 7 + int.from_bytes(whole[3:7], "little")
    return whole[:3] + len(text).to_bytes(4, "little") + text + whole[end:]


WRONG_FRAMES: dict[str, dict[str, object]] = {
    "no zone": {"ref__received_at": "2026-03-02T08:00:00"},
    "the last year": {"ref__received_at": "9999-12-31T23:59:59.999999Z"},
    "the last year in a zone": {"ref__received_at": "9999-12-31T23:59:59-12:00"},
    "the first year in a zone": {"ref__received_at": "0001-01-01T00:00:00+12:00"},
    "1970": {"ref__received_at": 0},
    "negative sequence": {"ref__sequence": -1},
    "sequence": {"ref__sequence": 2**53},
    "token": {"ref__token": 2**63},
    "negative token": {"ref__token": -1},
    "pts": {"ref__pts_s": 1e300},
    "infinite pts": {"ref__pts_s": float("inf")},
    "infinite qp": {"qp": float("nan")},
    "empty stream": {"ref__stream_id": ""},
    "long stream": {"ref__stream_id": "x" * 201},
    "zero byte": {"ref__stream_id": "gate\0"},
    "line break": {"ref__session_id": "s\n1"},
    "escape": {"ref__stream_id": "\x1b[2Jgate"},
    "half a surrogate": {"ref__session_id": "\ud800"},
    "width": {"format__width": 10**9},
    "no height": {"format__height": 0},
    "another height": {"format__height": 11},
    "another format": {"format__pixel_format": "rgb24"},
    "a deeper format": {"format__pixel_format": "yuv420p10le"},
}


@pytest.mark.parametrize("kind", WRONG_FRAMES)
def test_a_frame_that_cannot_be_is_refused(kind: str) -> None:
    assert isinstance(decode_message(rewrite_header(frame())), Frame)
    with pytest.raises(FrameRejected):
        decode_message(rewrite_header(frame(), **WRONG_FRAMES[kind]))


WRONG_STATUSES: dict[str, dict[str, object]] = {
    "no zone": {"received_at": "2026-03-02T08:00:00"},
    "last frame without a zone": {"last_frame_at": "2026-03-02T08:00:00"},
    "last frame in the last year": {"last_frame_at": "9999-12-31T00:00:00Z"},
    "sequence": {"sequence": 2**60},
    "negative sequence": {"sequence": -2},
    "token": {"token": 2**63},
    "counter": {"counters__packets": 2**63},
    "negative counter": {"counters__frames_dropped": -1},
    "infinite rate": {"counters__fps": float("inf")},
    "no rate": {"counters__bitrate_bps": float("nan")},
    "a rate beyond measure": {"counters__fps": 1e13},
    "width": {"counters__width": 70_000},
    "codec": {"counters__codec": "h264\n"},
    "an endless plan": {"plan__every_s": 1e300},
    "a plan of no time": {"plan__interval_s": 0},
    "zero byte": {"session_id": "\0"},
}


@pytest.mark.parametrize("kind", WRONG_STATUSES)
def test_a_status_that_cannot_be_is_refused(kind: str) -> None:
    assert decode_message(rewrite_header(status())) == status()
    with pytest.raises(FrameRejected):
        decode_message(rewrite_header(status(), **WRONG_STATUSES[kind]))


def test_a_reason_is_made_fit_to_be_shown_and_not_refused() -> None:
    received = decode_message(rewrite_header(status(), reason="\x1b[31mno\0 route\n" + "x" * 9000))
    assert isinstance(received, StreamStatus)
    assert received.reason.isprintable()
    assert "route" in received.reason
    assert len(received.reason) <= 2000


def test_headers_made_at_random_are_read_or_refused() -> None:
    chance = random.Random(11)
    values: list[object] = [None, True, -1, 0, 2**53, 2**64, 1e308, float("inf"), float("nan"), "", "x", "\0", [], {}]
    values += ["2026-03-02T08:00:00", "9999-12-31T23:59:59Z", "\ud800", [[1]], {"a": 1}, "1", "x" * 5000, 10**400]
    read = 0
    for _ in range(4000):
        message: Frame | StreamStatus = frame("gray") if chance.random() < 0.5 else status()
        names = [*header_of(encode_message(message))]
        inner = {"ref": "ref__sequence", "format": "format__width", "counters": "counters__fps", "plan": "plan__mode"}
        chosen = {inner.get(name, name) if chance.random() < 0.7 else name for name in chance.sample(names, 2)}
        try:
            decode_message(rewrite_header(message, **{name: chance.choice(values) for name in chosen}))
            read += 1
        except FrameRejected:
            continue
    assert 0 < read < 4000
