"""Metrics of (N, …) tensors in [0, 1], as tests write pictures: each is made 8-bit codes of full range and measured."""

import numpy as np
import torch
from torch import Tensor

from detectors.metrics import analogue, colour, contrast, exposure, motion, texture
from detectors.metrics.coding import CodingMetrics
from detectors.metrics.functional import blocking, corruption, edge_directions, edges, slate
from detectors.metrics.functional import sharpness as sharp
from detectors.metrics.measure import ALL_METRICS, MOTION
from detectors.metrics.noise import NoiseMetrics
from detectors.metrics.picture import averages
from detectors.metrics.picture.codes import FIXED_POINT, code_range
from detectors.metrics.picture.decoded_picture import DecodedPicture, read_picture
from detectors.metrics.picture.visible import VisibleArea
from domain.frames import ColorMatrix, ColorRange, Frame, FrameFormat, FrameRef
from tests.fakes.ports import START

FULL = code_range(8, full=True)


def pictures_of(
    luma: Tensor, chroma: Tensor | None = None, visible: Tensor | None = None, matrix: ColorMatrix = ColorMatrix.BT601
) -> list[DecodedPicture]:
    """Return the pictures of luma (N, 1, H, W), chroma (N, 2, h, w) in [-0.5, 0.5] and visible (N, 1, H, W) bool."""
    found = []
    for index in range(len(luma)):
        codes = _codes(luma[index, 0])
        colours = None if chroma is None else (_codes(chroma[index, 0], 128), _codes(chroma[index, 1], 128))
        seen = None if visible is None else VisibleArea(visible[index, 0].numpy().astype(np.uint8))
        found.append(DecodedPicture(codes, colours, FULL, matrix, seen))
    return found


def _codes(plane: Tensor, zero: int = 0) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    return np.ascontiguousarray((plane * 255 + zero).round().clamp(0, 255).numpy().astype(np.uint8))


def rgb_picture(rgb: Tensor, visible: Tensor | None = None) -> DecodedPicture:
    """Return the picture of one (3, H, W) RGB tensor."""
    height, width = rgb.shape[1:]
    plane = np.ascontiguousarray((rgb * 255).round().permute(1, 2, 0).numpy().astype(np.uint8))
    shape = FrameFormat(width, height, "rgb24", ColorRange.FULL)
    picture = read_picture(Frame(FrameRef("gate", "s", 0, None, START), shape, (plane,)))
    if visible is not None:
        picture.visible = VisibleArea(visible[0].numpy().astype(np.uint8))
    return picture


def every_number(picture: DecodedPicture, before: DecodedPicture) -> dict[str, float]:
    """Return all metrics of a picture and of its change from another."""
    found: dict[str, float] = {}
    for group in ALL_METRICS.groups:
        found.update(group.measure(picture))
    return found | dict(MOTION.compare(MOTION.remember(picture), MOTION.remember(before)))


def luma_mean(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return _exposure("luma_mean", luma, visible)


def black_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return torch.tensor([exposure.black_share(each) for each in pictures_of(luma, visible=visible)])


def clipped_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return _exposure("clipped_share", luma, visible)


def glare_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return _exposure("glare_share", luma, visible)


def _exposure(key: str, luma: Tensor, visible: Tensor | None) -> Tensor:
    group = exposure.ExposureMetrics()
    return torch.tensor([group.measure(each)[key] for each in pictures_of(luma, visible=visible)])


def luma_percentiles(luma: Tensor, quantiles: tuple[float, ...], visible: Tensor | None = None) -> Tensor:
    rows = [averages.percentiles(each.luma, quantiles, each.visible) for each in pictures_of(luma, visible=visible)]
    return torch.tensor(rows) / 255


def contrast_rms(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return torch.tensor([contrast.contrast_rms(each) for each in pictures_of(luma, visible=visible)])


def local_contrast(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return torch.tensor(
        [contrast.local_contrast(each.luma, each.visible) for each in pictures_of(luma, visible=visible)]
    )


def haze(rgb: Tensor, visible: Tensor | None = None) -> Tensor:
    return torch.tensor(
        [contrast.haze(rgb_picture(each, None if visible is None else visible[i])) for i, each in enumerate(rgb)]
    )


def sharpness(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return torch.tensor(
        [
            sharp.sharpness(each.luma.astype(np.uint16) * FIXED_POINT, each.visible)
            for each in pictures_of(luma, visible=visible)
        ]
    )


def edge_widths(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return torch.tensor([edges.edge_width(each) for each in pictures_of(luma, visible=visible)])


def noise_sigma(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return torch.tensor([NoiseMetrics().measure(each)["noise_sigma"] for each in pictures_of(luma, visible=visible)])


def noise_floor(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return torch.tensor([NoiseMetrics().measure(each)["noise_floor"] for each in pictures_of(luma, visible=visible)])


def snow_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    return torch.tensor([analogue.snow_share(each) for each in pictures_of(luma, visible=visible)])


def stripe_strength(luma: Tensor) -> Tensor:
    return torch.tensor([analogue.stripe_strength(each.luma) for each in pictures_of(luma)])


def blockiness(luma: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor]:
    found = [blocking.blockiness(each) for each in pictures_of(luma, visible=visible)]
    return torch.tensor([ratio for ratio, _ in found]), torch.tensor([step for _, step in found])


def corrupt_share(luma: Tensor, chroma: Tensor | None, visible: Tensor | None = None) -> Tensor:
    return torch.tensor([corruption.corrupt_share(each) for each in pictures_of(luma, chroma, visible)])


def text_slate(luma: Tensor, chroma: Tensor | None) -> Tensor:
    return torch.tensor([slate.text_slate(each) for each in pictures_of(luma, chroma)])


def coding_numbers(luma: Tensor, chroma: Tensor | None, visible: Tensor | None = None) -> dict[str, Tensor]:
    rows = [CodingMetrics().measure(each) for each in pictures_of(luma, chroma, visible)]
    return {key: torch.tensor([row[key] for row in rows]) for key in rows[0]}


def saturation(chroma: Tensor, visible: Tensor | None = None) -> Tensor:
    return _colour("saturation", chroma, visible)


def mean_chroma(chroma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the mean Cb and Cr, from the leans of a picture of half luma."""
    return torch.stack([_colour(key, chroma, visible) for key in ("lean_blue", "lean_red")], dim=1) * (128 / 255 + 0.1)


def _colour(key: str, chroma: Tensor, visible: Tensor | None) -> Tensor:
    luma = torch.full((len(chroma), 1, *chroma.shape[2:]), 128 / 255)
    group = colour.ColourMetrics()
    return torch.tensor([group.measure(each)[key] for each in pictures_of(luma, chroma, visible)])


def magenta(luma: Tensor, chroma: Tensor, matrix: ColorMatrix, visible: Tensor | None = None) -> Tensor:
    group = colour.ColourMetrics()
    return torch.tensor([group.measure(each)["magenta"] for each in pictures_of(luma, chroma, visible, matrix)])


def purple_share(luma: Tensor, chroma: Tensor, matrix: ColorMatrix, visible: Tensor | None = None) -> Tensor:
    group = colour.ColourMetrics()
    return torch.tensor([group.measure(each)["purple_share"] for each in pictures_of(luma, chroma, visible, matrix)])


def block_structure(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    rows = [
        edge_directions.block_structure(each.luma.astype(np.uint16) * FIXED_POINT, FULL, each.visible)
        for each in pictures_of(luma, visible=visible)
    ]
    return torch.from_numpy(np.stack(rows))


def change(
    now: Tensor, before: Tensor, visible: Tensor | None = None, visible_before: Tensor | None = None
) -> dict[str, Tensor]:
    """Return the numbers of change of each picture from the one before."""
    pairs = zip(pictures_of(now, visible=visible), pictures_of(before, visible=visible_before), strict=True)
    group = motion.MotionMetrics()
    rows = [group.compare(group.remember(first), group.remember(second)) for first, second in pairs]
    return {key: torch.tensor([row[key] for row in rows]) for key in rows[0]}


def shift(now: Tensor, before: Tensor) -> Tensor:
    return change(now, before)["shift"]


def texture_share(structure: Tensor) -> Tensor:
    return torch.tensor([texture.texture_share(each.numpy()) for each in structure])
