"""Planes become pictures as FFmpeg's own converter and OpenCV say they should."""

from collections.abc import Sequence
from datetime import UTC, datetime

import av
import cv2
import numpy as np
import pytest
import torch
from av.video.reformatter import Colorspace

from detectors.models.pictures import Pictures
from domain.cameras import Mask
from domain.errors import FrameRejected
from domain.frames import ColorMatrix, ColorRange, Frame, FrameFormat, FrameRef, Plane
from workers.frame_scoring.preprocessing import upload_pictures

CPU = torch.device("cpu")
ONE_LEVEL = 1 / 255


def frame(pixel_format: str, planes: Sequence[Plane], size: tuple[int, int], **how: object) -> Frame:
    ref = FrameRef("gate", "s", 0, 0.0, datetime(2026, 1, 1, tzinfo=UTC))
    return Frame(ref, FrameFormat(size[0], size[1], pixel_format, **how), tuple(planes))  # type: ignore[arg-type]


def smooth_rgb(height: int = 96, width: int = 128) -> np.ndarray:
    """A colour picture without edges, on which every chroma interpolation agrees."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = np.stack([np.sin(3 * x + 1), np.cos(2 * y), np.sin(2 * x + 3 * y)], axis=-1)
    return np.asarray(128 + 90 * waves, dtype=np.uint8)


def planes_of(decoded: av.VideoFrame) -> list[Plane]:
    found: list[Plane] = []
    for index, plane in enumerate(decoded.planes):
        wide = decoded.format.name.endswith("le")
        samples = np.frombuffer(memoryview(plane), np.uint16 if wide else np.uint8)
        rows = samples.reshape(plane.height, -1)
        columns = plane.width * (2 if decoded.format.name == "nv12" and index else 1)
        found.append(np.ascontiguousarray(rows[:, :columns]))
    return found


def as_rgb(shown: Pictures) -> np.ndarray:
    return np.asarray(shown.rgb[0].permute(1, 2, 0).numpy() * 255)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p", "nv12", "yuv420p10le", "yuv444p12le"])
@pytest.mark.parametrize(
    ("matrix", "space"), [(ColorMatrix.BT601, Colorspace.ITU601), (ColorMatrix.BT709, Colorspace.ITU709)]
)
def test_limited_range_becomes_the_rgb_that_swscale_makes(
    pixel_format: str, matrix: ColorMatrix, space: Colorspace
) -> None:
    picture = smooth_rgb()
    source = av.VideoFrame.from_ndarray(picture, format="rgb24")
    coded = source.reformat(format=pixel_format, dst_colorspace=space)
    shown = upload_pictures(
        [frame(pixel_format, planes_of(coded), (picture.shape[1], picture.shape[0]), color_matrix=matrix)], CPU
    )
    assert np.abs(as_rgb(shown) - picture).max() <= 4


def test_full_range_becomes_the_rgb_that_opencv_makes() -> None:
    picture = smooth_rgb()
    coded = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)
    planes: list[Plane] = [np.ascontiguousarray(coded[..., channel], dtype=np.uint8) for channel in (0, 2, 1)]
    size = (picture.shape[1], picture.shape[0])
    shown = upload_pictures([frame("yuvj444p", planes, size)], CPU)
    assert np.abs(as_rgb(shown) - picture).max() <= 2
    said = upload_pictures([frame("yuv444p", planes, size, color_range=ColorRange.FULL)], CPU)
    assert torch.equal(said.luma, shown.luma)


def test_limited_black_and_white_are_zero_and_one() -> None:
    codes = np.array([[0, 16, 235, 255]], dtype=np.uint8)
    luma = upload_pictures([frame("gray", [codes], (4, 1))], CPU).luma
    assert luma.flatten().tolist() == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize(("pixel_format", "scale"), [("gray10le", 4), ("gray12le", 16)])
def test_deeper_samples_say_the_same_as_8_bits(pixel_format: str, scale: int) -> None:
    codes = np.arange(16, 236, dtype=np.uint8).reshape(10, 22)
    eight = upload_pictures([frame("gray", [codes], (22, 10))], CPU)
    deep = upload_pictures([frame(pixel_format, [codes.astype(np.uint16) * scale], (22, 10))], CPU)
    assert torch.allclose(eight.luma, deep.luma, atol=1e-6)
    assert not deep.colour
    assert torch.equal(deep.rgb[:, 0], deep.luma[:, 0])


def test_rgb_keeps_its_colours_and_gains_luma() -> None:
    picture = smooth_rgb(31, 45)
    shown = upload_pictures([frame("rgb24", [picture], (45, 31))], CPU)
    assert np.abs(as_rgb(shown) - picture).max() < 0.01
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    assert np.abs(shown.luma[0, 0].numpy() * 255 - grey).max() <= 0.51


def test_odd_sizes_have_chroma_rounded_up() -> None:
    planes = [np.full(shape, 128, np.uint8) for shape in ((33, 17), (17, 9), (17, 9))]
    shown = upload_pictures([frame("yuv420p", planes, (17, 33))], CPU)
    assert shown.rgb.shape == (1, 3, 33, 17)


def test_planes_are_copied_to_one_batch_in_order() -> None:
    frames = [frame("gray", [np.full((4, 4), 16 + 73 * i, np.uint8)], (4, 4)) for i in range(4)]
    means = upload_pictures(frames, CPU).luma.mean(dim=(1, 2, 3))
    assert torch.allclose(means, torch.tensor([0.0, 1 / 3, 2 / 3, 1.0]))


@pytest.mark.parametrize(
    "planes",
    [
        [np.zeros((16, 16), np.uint8)],
        [np.zeros((16, 16), np.uint8), np.zeros((8, 8), np.uint8), np.zeros((8, 7), np.uint8)],
        [np.zeros((16, 16), np.uint16), np.zeros((8, 8), np.uint16), np.zeros((8, 8), np.uint16)],
    ],
)
def test_planes_that_do_not_fit_their_format_are_rejected(planes: list[np.ndarray]) -> None:
    with pytest.raises(FrameRejected, match="yuv420p"):
        upload_pictures([frame("yuv420p", planes, (16, 16))], CPU)


def test_a_pixel_format_nobody_can_score_is_rejected_by_name() -> None:
    with pytest.raises(FrameRejected, match="pal8"):
        upload_pictures([frame("pal8", [np.zeros((16, 16), np.uint8)], (16, 16))], CPU)


def test_masks_hide_every_pixel_they_touch() -> None:
    frames = [frame("gray", [np.zeros((10, 20), np.uint8)], (20, 10)) for _ in range(2)]
    visible = upload_pictures(frames, CPU, [(Mask(0.5, 0.0, 0.26, 1.0),), ()]).visible
    assert visible is not None
    assert (~visible[0]).sum() == 10 * 6
    assert bool(visible[1].all())
    assert upload_pictures(frames, CPU, [(), ()]).visible is None
