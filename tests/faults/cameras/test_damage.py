"""What counts as damage: parts of pictures that are lost. Every claim is held against the pictures themselves."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from domain.frames import Frame
from tests.cameras.films import encode_access_units
from tests.cameras.source_reading import SourceReading, read_source

START = b"\x00\x00\x00\x01"
ENDINGS = {"libx264": "h264", "libx265": "hevc", "mjpeg": "mjpeg", "mpeg4": "m4v", "mpeg2video": "m2v"}
SLICES = {"libx264": {"x264-params": "slices=4"}}
FRAMES = 40

Change = Callable[[bytes], bytes]


def read_units(tmp_path: Path, codec: str, units: Sequence[bytes]) -> SourceReading:
    path = tmp_path / f"film.{ENDINGS[codec]}"
    path.write_bytes(b"".join(units))
    return read_source(str(path))


def units_of(codec: str) -> list[bytes]:
    return encode_access_units(FRAMES, codec=codec, options=SLICES.get(codec), size=(320, 192))


def same(first: Frame, second: Frame) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first.planes, second.planes, strict=True))


@dataclass(frozen=True)
class Harmless:
    """Bytes that are badly formed and belong to no picture; `at_end` puts them after the picture's own."""

    codec: str
    extra: bytes
    at_end: bool = False


def app(marker: int, length: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + length.to_bytes(2, "big") + content


HARMLESS = {
    "h264 user data that claims more than it holds": Harmless("libx264", START + b"\x06\x05\xff\xff\x80abcdefgh\x80"),
    "h264 the same after the picture": Harmless("libx264", START + b"\x06\x05\xff\xff\x80abcdefgh\x80", at_end=True),
    "h264 a buffering period of no parameter set": Harmless("libx264", START + b"\x06\x00\x02\x00\x00\x80"),
    "h264 a recovery point cut short": Harmless("libx264", START + b"\x06\x06\x01\x00\x80"),
    "h264 registered user data cut short": Harmless("libx264", START + b"\x06\x04\x40\xb5\x00\x80"),
    "h264 a unit with its forbidden bit set": Harmless("libx264", START + b"\x86abc"),
    "h264 a unit of an unknown type": Harmless("libx264", START + b"\x1eabc\x80", at_end=True),
    "h264 parameters nobody uses, malformed": Harmless("libx264", START + b"\x68\x04\x00", at_end=True),
    "h264 a sequence nobody uses, malformed": Harmless("libx264", START + b"\x67\x64\x00\x1f\x0e\x11\x22"),
    "h265 user data that claims more than it holds": Harmless("libx265", START + b"\x4e\x01\x05\xff\xff\x80abcd\x80"),
    "h265 the same after the picture": Harmless("libx265", START + b"\x50\x01\x05\xff\xff\x80abcd\x80", at_end=True),
    "h265 a hash of the picture cut short": Harmless("libx265", START + b"\x50\x01\x84\x11\x00ab\x80", at_end=True),
    "h265 a unit of an unknown type": Harmless("libx265", START + b"\x7c\x01abcd", at_end=True),
    "h265 a video parameter set nobody uses": Harmless("libx265", START + b"\x40\x01\xfc", at_end=True),
    "jpeg an application segment of no length": Harmless("mjpeg", app(0xE0, 0, b"")),
    "jpeg an EXIF that points nowhere": Harmless("mjpeg", app(0xE1, 16, b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff")),
    "jpeg a colour profile out of order": Harmless("mjpeg", app(0xE2, 20, b"ICC_PROFILE\x00\x09\x02abcd")),
    "jpeg bytes after the picture": Harmless("mjpeg", b"garbage" * 20, at_end=True),
    "mpeg-4 user data of nobody": Harmless("mpeg4", b"\x00\x00\x01\xb2DivX999b\xff\xff", at_end=True),
}


@pytest.mark.parametrize("case", HARMLESS.values(), ids=HARMLESS)
def test_what_is_badly_formed_around_a_whole_picture_is_no_damage(case: Harmless, tmp_path: Path) -> None:
    units = units_of(case.codec)
    whole = read_units(tmp_path, case.codec, units)
    into = 2 if case.codec == "mjpeg" else 0
    spoilt = [unit + case.extra if case.at_end else unit[:into] + case.extra + unit[into:] for unit in units]
    result = read_units(tmp_path, case.codec, spoilt)
    assert len(result.frames) == len(whole.frames) == FRAMES
    assert all(same(a, b) for a, b in zip(whole.frames, result.frames, strict=True))
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)
    assert not any(frame.corrupt for frame in result.frames)


def test_the_last_line_of_a_jpeg_that_nobody_sent_is_no_damage(tmp_path: Path) -> None:
    result = read_units(tmp_path, "mjpeg", [unit.removesuffix(b"\xff\xd9") for unit in units_of("mjpeg")])
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)


def nals(unit: bytes) -> list[bytes]:
    return re.split(rb"(?=\x00\x00\x00\x01)|(?<!\x00)(?=\x00\x00\x01)", unit)[1:]


def drop_last_slice(unit: bytes) -> bytes:
    return b"".join(nals(unit)[:-1])


def drop_first_slice(unit: bytes) -> bytes:
    parts = nals(unit)
    return b"".join([*parts[:-2], parts[-1]])


def cut_short(unit: bytes) -> bytes:
    return unit[: len(unit) * 2 // 3]


def punch_hole(unit: bytes) -> bytes:
    return unit[: len(unit) // 3] + unit[len(unit) * 2 // 3 :]


def remove_unit(_: bytes) -> bytes:
    return b""


DAMAGE: dict[str, tuple[str, int, Change]] = {
    "h264 a slice lost": ("libx264", 15, drop_last_slice),
    "h264 a slice of a key frame lost": ("libx264", 10, drop_last_slice),
    "h264 a slice cut": ("libx264", 15, cut_short),
    "h264 the middle of a picture lost": ("libx264", 15, punch_hole),
    "h264 a picture lost": ("libx264", 15, remove_unit),
    "h264 a key frame lost": ("libx264", 10, remove_unit),
    "h265 the first slice lost": ("libx265", 15, drop_first_slice),
    "h265 a picture lost": ("libx265", 15, remove_unit),
    "jpeg a picture cut": ("mjpeg", 15, cut_short),
    "jpeg the middle of a picture lost": ("mjpeg", 15, punch_hole),
    "mpeg-4 a picture cut": ("mpeg4", 15, cut_short),
    "mpeg-2 a picture cut": ("mpeg2video", 15, cut_short),
}


@pytest.mark.parametrize("case", DAMAGE.values(), ids=DAMAGE)
def test_a_lost_part_of_a_picture_is_damage(case: tuple[str, int, Change], tmp_path: Path) -> None:
    codec, index, change = case
    units = units_of(codec)
    whole = read_units(tmp_path, codec, units)
    assert (whole.counters.decode_errors, whole.counters.corrupt_frames) == (0, 0)
    units[index] = change(units[index])
    result = read_units(tmp_path, codec, units)
    assert len(result.frames) < FRAMES or not all(same(a, b) for a, b in zip(whole.frames, result.frames, strict=True))
    assert 1 <= result.counters.decode_errors <= 10
