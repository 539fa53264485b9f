"""Noise of the sensor, over all of the picture and where it is flat."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.metrics.picture.arrays import Samples, Words
from detectors.metrics.picture.averages import quantile
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.picture.visible import VisibleArea
from detectors.metrics.picture.windows import block_sums
from detectors.metrics.specs import LEVELS, lower_is_better

_BLOCK, _SMALL_BLOCK = 16, 8
_SMALL_SIDE = 300
"""A picture whose shorter side is less (CIF, SIF, QVGA) has blocks half as large: sixteen of its pixels hold as much of
the scene as 32 of a larger one, and no such part of a sharpened street is flat."""
_BAND = 32
_ENOUGH_PIXELS = 500_000
_DARKEST, _BRIGHTEST = 0.02, 0.98
_LEAST_BLOCKS = 8
_FLATTEST = 0.2
_TO_SIGMA = math.sqrt(math.pi / 2) / 6
_SECOND_DIFFERENCE = np.array([1, -2, 1], np.float32)


class NoiseMetrics:
    """Immerkær's estimate at native size, since resizing averages noise away. Masked pixels do not count."""

    name = "noise"
    fingerprint = "noise-4"
    metrics = (
        lower_is_better("noise_sigma", "noise", LEVELS, (0, 1700), "Immerkær 1996"),
        lower_is_better(
            "noise_floor", "noise of flat parts", LEVELS, (0, 1700), "Immerkær 1996, 20th percentile of blocks"
        ),
    )

    def measure(self, picture: DecodedPicture) -> Mapping[str, float]:
        """Return the metrics; NaN under 3 pixels. Above half a million pixels every n-th band of 32 rows counts."""
        if min(picture.shape) < 3:
            return {"noise_sigma": math.nan, "noise_floor": math.nan}
        side = block_side(picture.shape)
        bands = [_measure_band(picture, rows, side) for rows in _bands(picture.shape)]
        pixels = sum(band.pixels for band in bands)
        blocks = np.concatenate([band.blocks for band in bands])
        to_levels = _TO_SIGMA * picture.codes.levels
        enough = len(blocks) >= _LEAST_BLOCKS
        return {
            "noise_sigma": sum(band.total for band in bands) / pixels * to_levels if pixels else math.nan,
            "noise_floor": quantile(blocks, _FLATTEST) / (side * side) * to_levels if enough else math.nan,
        }


@dataclass(frozen=True, slots=True)
class _Band:
    """What some rows of a picture add to its noise: of responses their sum, and the sums of usable blocks."""

    total: float
    pixels: int
    blocks: Samples


def _bands(shape: tuple[int, int]) -> list[slice]:
    """Return the rows of responses to look at: all of them, or bands that make up about half a million pixels."""
    height, width = shape
    step = round(height * width / _ENOUGH_PIXELS)
    if step <= 1:
        return [slice(0, height - 2)]
    starts = range(0, height - 2 - _BAND, _BAND * step)
    return [slice(start, start + _BAND) for start in starts]


def _measure_band(picture: DecodedPicture, rows: slice, side: int) -> _Band:
    """Return the responses of the inner rows `rows`, those of which row 0 is the picture's row 1.

    Immerkær, "Fast noise variance estimation", CVIU 1996: sigma = √(π/2) / (6 (W-2)(H-2)) Σ|I * N|. Blocks that are
    black or burnt out hold no noise to see, and the noise floor is that of the flattest others (20th percentile):
    texture does not count, since some part of most views is flat. Source of the latter: ours.
    """
    response = noise_response(picture.luma[rows.start : rows.stop + 2])
    inside = None if picture.visible is None else picture.visible.inside(1)[rows.start + 1 : rows.stop + 1, 1:-1]
    if inside is not None:
        response *= inside
    pixels = response.size if inside is None else int(np.count_nonzero(inside))
    total = float(cv2.sumElems(response)[0])
    if min(response.shape) < side:
        return _Band(total, pixels, np.empty(0, np.uint32))
    # 16 responses, each at most 8 times the highest code, fit into 16 bits for 8-bit codes alone.
    sums = block_sums(response, side, np.uint16 if picture.codes.bits == 8 else np.uint32)
    usable = _usable(picture, rows, sums.shape, side)
    if inside is not None:
        usable &= VisibleArea(inside).whole_blocks(side)
    return _Band(total, pixels, sums[usable])


def block_side(shape: tuple[int, int]) -> int:
    """Return the side of the noise floor's blocks, in pixels, for a picture of (height, width)."""
    return _SMALL_BLOCK if min(shape) < _SMALL_SIDE else _BLOCK


def _usable(picture: DecodedPicture, rows: slice, size: tuple[int, ...], side: int) -> NDArray[np.bool_]:
    """Return which blocks are neither black nor burnt out, by the pixels in their middle."""
    half = side // 2
    middle = picture.luma[rows.start + half : rows.start + size[0] * side : side, half : size[1] * side : side]
    low, high = math.floor(picture.codes.code(_DARKEST)), math.ceil(picture.codes.code(_BRIGHTEST))
    return np.asarray((middle > low) & (middle < high))


def noise_response(luma: Samples) -> Words:
    """Return |I * [[1,-2,1],[-2,4,-2],[1,-2,1]]| in codes, (H-2, W-2) uint16, from (H, W) codes of up to 12 bits."""
    depth = cv2.CV_16S if luma.dtype == np.uint8 else cv2.CV_32F
    response = cv2.sepFilter2D(luma, depth, _SECOND_DIFFERENCE, _SECOND_DIFFERENCE)[1:-1, 1:-1]
    if depth == cv2.CV_32F:
        return np.abs(response).astype(np.uint16)
    return np.abs(response).view(np.uint16)
