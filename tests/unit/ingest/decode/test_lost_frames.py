"""Pictures lost by H.264's own numbers, in streams of x264 with every way of coding that numbers matter to."""

import random
import re

import pytest

from ingest.decode.lost_frames import FrameNumbers
from tests.cameras.films import encode_access_units

VARIANTS = {
    "plain": {},
    "slices": {"x264-params": "slices=4"},
    "b pictures": {"bf": "3", "tune": "film", "preset": "medium"},
    "b pictures referred to": {"bf": "3", "tune": "film", "preset": "medium", "b-pyramid": "strict"},
    "baseline": {"profile": "baseline"},
    "intra refresh": {"intra-refresh": "1"},
    "open groups": {"bf": "2", "tune": "film", "preset": "medium", "x264-params": "open-gop=1"},
    "fields": {"x264-params": "interlaced=1"},
    "4:4:4": {"profile": "high444", "qp": "0"},
}


def gaps(units: list[bytes], *, extradata: bytes = b"") -> list[int]:
    """Return the indices of units before which a picture is missing."""
    numbers = FrameNumbers(extradata)
    return [
        index
        for index, unit in enumerate(units)
        if numbers.gap_before(unit, key=re.search(rb"\x00\x00\x01[\x65\x25\x67\x27]", unit) is not None)
    ]


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_a_whole_stream_has_no_gap(options: dict[str, str]) -> None:
    assert gaps(encode_access_units(120, options=options, gop=30)) == []


def test_each_lost_reference_picture_is_one_gap() -> None:
    units = encode_access_units(120, gop=60)
    lost = [13, 29, 30, 47, 90]
    left = [unit for index, unit in enumerate(units) if index not in lost]
    assert len(gaps(left)) == 4


def test_a_lost_key_frame_is_a_gap() -> None:
    units = encode_access_units(60, gop=20)
    head = units[:20] + units[21:]
    assert gaps(head) == [20]


def test_numbers_that_are_never_regular_are_the_cameras_way_and_soon_no_gap() -> None:
    every_third = encode_access_units(300, gop=300)[::3]
    assert len(gaps(every_third)) < 20


@pytest.mark.parametrize("seed", range(20))
def test_any_bytes_are_borne(seed: int) -> None:
    rng = random.Random(seed)
    numbers = FrameNumbers(rng.randbytes(50))
    for unit in encode_access_units(20):
        spoilt = bytearray(unit)
        for _ in range(5):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        noise = b"\x00\x00\x01" + rng.randbytes(rng.randrange(40))
        assert {numbers.gap_before(each, key=True) for each in (bytes(spoilt), noise)} <= {True, False}
