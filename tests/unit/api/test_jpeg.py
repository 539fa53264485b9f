"""Expected colours come from OpenCV's own conversions and from ITU-R BT.709's test colours."""

from typing import Any, TypeAlias

import cv2
import numpy as np
import pytest

from api.jpeg import convert_to_bgr, encode_jpeg
from domain.errors import FrameRejected
from domain.frames import ColorMatrix, ColorRange, Frame, FrameFormat, FrameRef
from tests.fakes.ports import START

REF = FrameRef("gate", "s", 0, None, START)


Picture: TypeAlias = tuple[Any, Any, Any]


def frame(planes: tuple[Any, ...], pixel_format: str, **form: object) -> Frame:
    height, width = planes[0].shape[:2]
    return Frame(REF, FrameFormat(width, height, pixel_format, **form), planes)  # type: ignore[arg-type]


@pytest.fixture
def yuv() -> Picture:
    """A smooth picture in limited range, 64 x 48, 4:2:0."""
    across, down = np.meshgrid(np.linspace(0, 1, 64), np.linspace(0, 1, 48))
    luma = (60 + 120 * across * down).astype(np.uint8)
    cb = (110 + 40 * across[::2, ::2]).astype(np.uint8)
    cr = (150 - 40 * down[::2, ::2]).astype(np.uint8)
    return luma, cb, cr


def i420(planes: Picture) -> np.ndarray:
    """Return what OpenCV makes of limited-range BT.601 4:2:0."""
    return cv2.cvtColor(np.concatenate([p.reshape(-1, 64) for p in planes]), cv2.COLOR_YUV2BGR_I420)


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours.astype(int) - theirs.astype(int)).mean())


def test_420_is_shown_as_opencv_shows_it(yuv: Picture) -> None:
    assert difference(convert_to_bgr(frame(yuv, "yuv420p"), 64), i420(yuv)) < 1.0


def test_every_layout_of_the_same_picture_looks_the_same(yuv: Picture) -> None:
    luma, cb, cr = yuv
    expected = convert_to_bgr(frame(yuv, "yuv420p"), 64)
    tall = (luma, np.repeat(cb, 2, axis=0), np.repeat(cr, 2, axis=0))
    whole = (luma, *(np.repeat(np.repeat(p, 2, axis=0), 2, axis=1) for p in (cb, cr)))
    pairs = (luma, np.stack([cb, cr], axis=-1).reshape(24, 64))
    ten = tuple(p.astype(np.uint16) * 4 for p in yuv)
    twelve = tuple(p.astype(np.uint16) * 16 for p in yuv)
    for planes, name in (
        (tall, "yuv422p"),
        (whole, "yuv444p"),
        (pairs, "nv12"),
        (ten, "yuv420p10le"),
        (twelve, "yuv420p12le"),
    ):
        assert difference(convert_to_bgr(frame(planes, name), 64), expected) < 1.0, name


def test_bt709_red_is_red() -> None:
    """75 % red of BT.709 colour bars: Y 51, Cb 109, Cr 212 in 8-bit limited range, R 191, G 0, B 0 in full range."""
    planes = tuple(np.full((4, 4), level, np.uint8) for level in (51, 109, 212))
    shown = convert_to_bgr(frame(planes, "yuv444p", color_matrix=ColorMatrix.BT709), 4)
    assert np.allclose(shown[0, 0], (0, 0, 191), atol=2)


@pytest.mark.parametrize(
    ("name", "color_range", "black", "white"),
    [
        ("gray", ColorRange.LIMITED, 16, 235),
        ("gray", ColorRange.FULL, 0, 255),
        ("gray10le", ColorRange.LIMITED, 64, 940),
        ("gray12le", ColorRange.FULL, 0, 4095),
    ],
)
def test_black_is_black_and_white_is_white(name: str, color_range: ColorRange, black: int, white: int) -> None:
    plane = np.array([[black, white]], np.uint8 if name == "gray" else np.uint16)
    shown = convert_to_bgr(frame((plane,), name, color_range=color_range), 16)
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[0, 1].tolist() == [255, 255, 255]


def test_full_range_yuvj_is_not_stretched() -> None:
    planes = (np.full((4, 4), 128, np.uint8), *(np.full((2, 2), 128, np.uint8) for _ in range(2)))
    assert convert_to_bgr(frame(planes, "yuvj420p"), 4)[0, 0].tolist() == [128, 128, 128]


def test_a_wide_picture_is_reduced_and_a_small_one_left_as_it_is() -> None:
    wide = frame((np.zeros((2160, 3840), np.uint8),), "gray")
    assert convert_to_bgr(wide, 960).shape == (540, 960, 3)
    small = frame((np.zeros((17, 33), np.uint8),), "gray")
    assert convert_to_bgr(small, 960).shape == (17, 33, 3)


def test_a_jpeg_shows_the_picture(yuv: Picture) -> None:
    decoded = cv2.imdecode(np.frombuffer(encode_jpeg(frame(yuv, "yuv420p"), 64), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert difference(decoded, i420(yuv)) < 3.0


def test_planes_that_make_no_picture_are_refused() -> None:
    with pytest.raises(FrameRejected, match="2 planes"):
        convert_to_bgr(frame((np.zeros((4, 4), np.uint8),) * 2, "yuv420p"), 4)
    with pytest.raises(FrameRejected, match="without planes"):
        convert_to_bgr(Frame(REF, FrameFormat(4, 4, "yuv420p"), ()), 4)
