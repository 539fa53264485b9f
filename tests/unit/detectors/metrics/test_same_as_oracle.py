"""Metrics on decoded planes say what the independent tensor code says, on real clips and in every pixel format."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from detectors.metrics.measure import ALL_METRICS, compare_pictures, measure_picture
from domain.cameras import Mask
from domain.frames import ColorMatrix, ColorRange, Frame, FrameFormat, FrameRef
from ingest.decode.decoded_frame import extract_planes
from tests.fakes.ports import START
from tests.oracles.all_numbers import OracleNumbers, measure_by_oracle
from tests.unit.detectors.sample_pictures import jpeg, noisy, photograph

DATA = os.environ.get("SIGHTLINE_DATA", "")
CLIPS = ("clips/car-park.mp4", "clips/pets09-s2l1.mp4", "clips/street-faces-1080p.mp4", "clips/tud-campus.mp4")
MASKS = (Mask(0.1, 0.05, 0.3, 0.25), Mask(0.6, 0.5, 0.21, 0.33))

TOLERANCES = {
    "luma_p05": 0.004, "luma_p95": 0.004, "black_share": 0.001, "contrast_rms": 0.001, "local_contrast": 0.8,
    "haze": 0.006, "edge_width": 0.45, "sharpness": 0.006, "noise_sigma": 0.06, "noise_floor": 0.08,
    "snow_share": 0.0005, "stripe_strength": 0.06, "magenta": 0.02, "slate": 0.06, "texture_share": 0.03,
    "purple_share": 0.03, "change_median": 0.8, "change_share": 0.03, "shift": 0.001,
}  # fmt: skip
"""By how much a metric may differ from the tensor code, in its own unit; of others by rounding alone."""
ROUNDING = 0.002


def differences(ours: dict[str, float], theirs: dict[str, float]) -> Iterator[str]:
    """Yield what differs by more than it may."""
    assert set(ours) == set(theirs)
    for key, value in ours.items():
        other = theirs[key]
        if np.isnan(value) and np.isnan(other):
            continue
        allowed = TOLERANCES.get(key, ROUNDING) + ROUNDING * abs(other)
        if np.isnan(value) or np.isnan(other) or abs(value - other) > allowed:
            yield f"{key}: {value:.5g} instead of {other:.5g}"


def both(frame: Frame, before: Frame, masks: tuple[Mask, ...] = ()) -> tuple[dict[str, float], OracleNumbers]:
    now, earlier = measure_picture(frame, masks), measure_picture(before, masks)
    changes = compare_pictures(now.remembered, earlier.remembered)
    assert changes is not None
    return {**now.values, **changes}, measure_by_oracle(frame, before, masks)


def clip_frames(path: Path, places: tuple[int, ...]) -> list[Frame]:
    reformatter, found = VideoReformatter(), []
    with av.open(str(path)) as container:
        for index, decoded in enumerate(container.decode(video=0)):
            if index in places:
                shape, planes = extract_planes(decoded, reformatter)
                ref = FrameRef("gate", "s", index, None, START + timedelta(seconds=index))
                found.append(Frame(ref, shape, planes))
            if index >= max(places):
                return found
    return found


@pytest.mark.skipif(not DATA, reason="SIGHTLINE_DATA is not set: the shared clips are not here")
@pytest.mark.parametrize("masks", [(), MASKS], ids=["whole", "masked"])
@pytest.mark.parametrize("name", CLIPS)
def test_numbers_of_real_clips_are_those_of_the_oracle(name: str, masks: tuple[Mask, ...]) -> None:
    first, second = clip_frames(Path(DATA) / name, (20, 23))
    ours, theirs = both(second, first, masks)
    assert not list(differences(ours, theirs.values))
    structure = measure_picture(second, masks).structure
    assert np.array_equal(np.isnan(structure), np.isnan(theirs.structure))
    both_seen = ~np.isnan(structure[..., 1])
    np.testing.assert_allclose(structure[both_seen][:, 0], theirs.structure[both_seen][:, 0], atol=0.002)
    assert np.corrcoef(structure[both_seen][:, 1], theirs.structure[both_seen][:, 1])[0, 1] > 0.99


def coded(picture: np.ndarray, name: str, color_range: ColorRange, shift: int = 0) -> Frame:
    """Return a grey photograph with coloured halves in any pixel format."""
    height, width = picture.shape
    bits = 10 if "10" in name else 12 if "12le" in name else 8
    step, full = 1 << (bits - 8), color_range is ColorRange.FULL
    share = np.roll(picture, shift, axis=1) / 255
    luma = share * (256 * step - 1) if full else 16 * step + share * 219 * step
    dtype = np.uint16 if bits > 8 else np.uint8
    rows = height if "422" in name or "444" in name else height // 2
    columns = width if "444" in name else width // 2
    chroma = np.full((rows, columns), 128 * step + 20 * step)
    chroma[: rows // 2] = 128 * step - 9 * step
    planes: tuple[np.ndarray, ...] = (np.rint(luma).astype(dtype),)
    if name == "rgb24":
        planes = (np.repeat(np.rint(share * 255)[..., None], 3, axis=2).astype(np.uint8),)
    elif name == "nv12":
        planes += (np.ascontiguousarray(np.stack([chroma, chroma[::-1]], axis=2)).reshape(rows, -1).astype(dtype),)
    elif not name.startswith("gray"):
        planes += (chroma.astype(dtype), chroma[::-1].astype(dtype))
    shape = FrameFormat(width, height, name, color_range, ColorMatrix.BT709)
    return Frame(FrameRef("gate", "s", 0, None, START), shape, planes)


@pytest.mark.parametrize("color_range", list(ColorRange))
@pytest.mark.parametrize(
    "name",
    ["yuv420p", "yuv422p", "yuv444p", "gray", "nv12", "rgb24", "yuv420p10le", "yuv444p12le", "gray10le", "gray12le"],
)
def test_every_pixel_format_and_range_gives_the_numbers_of_the_oracle(name: str, color_range: ColorRange) -> None:
    picture = noisy(jpeg(photograph("camera"), 60), 2)[:384]
    now, before = coded(picture, name, color_range, 2), coded(picture, name, color_range)
    ours, theirs = both(now, before)
    assert not list(differences(ours, theirs.values))


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (16, 16), (17, 16), (31, 33), (33, 65), (101, 203), (240, 8)])
def test_what_cannot_be_measured_of_a_small_picture_is_what_the_oracle_cannot(size: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    shape = FrameFormat(size[1], size[0], "gray", ColorRange.FULL)
    frames = [
        Frame(FrameRef("gate", "s", i, None, START), shape, (random.integers(0, 256, size, dtype=np.uint8),))
        for i in range(2)
    ]
    ours, theirs = both(frames[0], frames[1])
    unlike = {key for key, value in ours.items() if np.isnan(value) != np.isnan(theirs.values[key])}
    assert unlike <= {"shift", "edge_width", "noise_floor"}, unlike


def test_every_group_has_its_metrics_and_no_more() -> None:
    frame = coded(photograph("camera")[:64, :96], "yuv420p", ColorRange.FULL)
    values = measure_picture(frame).values
    assert list(values) == [spec.key for group in ALL_METRICS.groups for spec in group.metrics]


def test_measuring_imports_no_torch() -> None:
    program = "import sys, detectors.metrics.meter; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
