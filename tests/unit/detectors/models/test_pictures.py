"""Pictures reduced and made RGB: the quick ways give what the plain ones do."""

import pytest
import torch
from torch.nn.functional import interpolate

from detectors.models.pictures import Pictures, downscale, luma_chroma_to_rgb
from domain.frames import ColorMatrix


@pytest.mark.parametrize(
    ("height", "width", "side", "size"),
    [
        (1080, 1920, 640, (360, 640)),
        (720, 1280, 640, (360, 640)),
        (540, 960, 320, (180, 320)),
        (480, 640, 64, (48, 64)),
        (1000, 1333, 640, (480, 640)),
    ],
)
def test_reducing_averages_areas(height: int, width: int, side: int, size: tuple[int, int]) -> None:
    images = torch.rand(2, 2, height, width, generator=torch.Generator().manual_seed(1))
    small = downscale(images, longer_side=side)
    assert small.shape == (2, 2, *size)
    torch.testing.assert_close(small, interpolate(images, size=size, mode="area"), atol=1e-6, rtol=0)


def test_reducing_leaves_the_picture_as_it_was() -> None:
    images = torch.rand(1, 1, 90, 120)
    before = images.clone()
    downscale(images, longer_side=40)
    assert torch.equal(images, before)


@pytest.mark.parametrize(
    ("matrix", "luma", "cb", "cr"),
    [
        # ITU-R BT.601 and BT.709 of full red: Y' = Kr, Cb = -Kr / (2 - 2 Kb), Cr = 1/2.
        (ColorMatrix.BT601, 0.299, -0.168736, 0.5),
        (ColorMatrix.BT709, 0.2126, -0.114572, 0.5),
    ],
)
def test_red_in_luma_and_chroma_becomes_red(matrix: ColorMatrix, luma: float, cb: float, cr: float) -> None:
    chroma = torch.tensor([cb, cr]).view(1, 2, 1, 1).expand(1, 2, 2, 2)
    rgb = luma_chroma_to_rgb(torch.full((1, 1, 2, 2), luma), chroma, matrix)
    torch.testing.assert_close(rgb[0, :, 0, 0], torch.tensor([1.0, 0.0, 0.0]), atol=1e-5, rtol=0)


def test_a_colour_picture_reduced_before_it_is_rgb_is_the_one_reduced_after() -> None:
    coarse = torch.rand(2, 3, 9, 16, generator=torch.Generator().manual_seed(4)) * 0.6 + 0.2
    shown = Pictures.from_rgb(interpolate(coarse, size=(720, 1280), mode="bilinear", align_corners=False))
    for side in (416, 64):
        small = shown.reduced_rgb(side)
        assert max(small.shape[-2:]) == side
        torch.testing.assert_close(small, downscale(shown.small_rgb, longer_side=side), atol=0.01, rtol=0)
    assert shown.reduced_rgb(1000) is shown.small_rgb
