"""What the operator leaves visible of a picture, at native size and on the reduced picture."""

from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.metrics.picture.arrays import Bytes
from detectors.metrics.picture.windows import area_mean, block_sums, grid, reduced_size
from domain.cameras import Mask

_WHOLE = 0.999
_FINER = 4
"""Corners are drawn at sixteenths of a pixel."""


class VisibleArea:
    """Where a picture of one size is not masked. Planes are (H, W) uint8, 1 where visible; shared, so never written."""

    def __init__(self, pixels: Bytes) -> None:
        self.pixels = pixels
        self._inside: dict[int, Bytes] = {}
        self._reduced: dict[tuple[int, int], Bytes] = {}

    def inside(self, margin: int) -> Bytes:
        """Return where a window that reaches `margin` pixels to each side meets no masked pixel."""
        if margin not in self._inside:
            square = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
            self._inside[margin] = np.asarray(cv2.erode(self.pixels, square, borderType=cv2.BORDER_REPLICATE), np.uint8)
        return self._inside[margin]

    def reduce(self, longer_side: int) -> "VisibleArea":
        """Return the visible area of the picture averaged down: pixels that hold nothing masked."""
        size = reduced_size((self.pixels.shape[0], self.pixels.shape[1]), longer_side)
        return VisibleArea((area_mean(self.pixels, size, highest=1) > _WHOLE).astype(np.uint8))

    def blocks(self, size: tuple[int, int]) -> Bytes:
        """Return (rows, columns) uint8: which blocks of a grid over the picture meet no masked pixel."""
        if size not in self._reduced:
            cells = grid((self.pixels.shape[0], self.pixels.shape[1]), size)
            hidden = cells.sums(cv2.integral(1 - self.pixels))
            self._reduced[size] = (hidden == 0).astype(np.uint8)
        return self._reduced[size]

    def whole_blocks(self, side: int) -> NDArray[np.bool_]:
        """Return which blocks of `block_sums` meet no masked pixel, (rows, columns)."""
        return np.asarray(block_sums(self.pixels, side) == side * side)

    @cached_property
    def share(self) -> float:
        """Share of the picture that is visible, 0 … 1."""
        return float(self.pixels.mean())


@lru_cache(maxsize=32)
def visible_area(height: int, width: int, masks: tuple[Mask, ...]) -> VisibleArea | None:
    """Return what `masks` leave visible, None where there are none; a pixel touched by a mask is masked.

    Beside the edge of a polygon one more pixel may be.
    """
    if not masks:
        return None
    pixels = np.ones((height, width), np.uint8)
    for mask in masks:
        if mask.points:
            _hide_polygon(pixels, mask)
            continue
        top, bottom = _span(mask.top, mask.height, height)
        left, right = _span(mask.left, mask.width, width)
        pixels[top:bottom, left:right] = 0
    return VisibleArea(pixels)


def _hide_polygon(pixels: Bytes, mask: Mask) -> None:
    """Set what a polygon touches to 0: its inside, its edge, and the pixels beside that."""
    corners = np.array(mask.points) * (pixels.shape[1], pixels.shape[0]) - 0.5
    inside = np.zeros_like(pixels)
    cv2.fillPoly(inside, [np.rint(corners * 2**_FINER).astype(np.int32)], (1,), shift=_FINER)
    pixels[cv2.dilate(inside, np.ones((3, 3), np.uint8)) > 0] = 0


def _span(start: float, length: float, pixels: int) -> tuple[int, int]:
    first = int(np.floor(start * pixels + 1e-6))
    last = int(np.ceil((start + length) * pixels - 1e-6))
    return max(0, first), min(pixels, last)
