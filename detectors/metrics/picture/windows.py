"""Means over equal areas: a plane made smaller, and block means on a grid.

Along each axis the window of output i is floor(i·L/S) … ceil((i+1)·L/S), as PyTorch's adaptive pooling has it, so that
windows overlap by one sample where the length is no multiple.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.metrics.picture.arrays import Floats, Samples

_WIDE = 12
"""Columns from which adding them up one window after the other is the faster way."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Where each window of one axis starts and ends (exclusive)."""

    starts: NDArray[np.intp]
    """(windows,); `ends` likewise."""
    ends: NDArray[np.intp]

    @property
    def lengths(self) -> NDArray[np.intp]:
        """Samples of each window, (windows,)."""
        return self.ends - self.starts


@lru_cache(maxsize=512)
def windows(length: int, size: int) -> Windows:
    """Return the `size` windows over `length` samples."""
    places = np.arange(size, dtype=np.intp)
    return Windows(places * length // size, -(-(places + 1) * length // size))


@dataclass(frozen=True, slots=True)
class Grid:
    """Blocks over a picture, by rows and columns of windows."""

    rows: Windows
    columns: Windows

    def sums(self, integral: NDArray[Any]) -> NDArray[np.float64]:
        """Return the sums over the blocks, (rows, columns), from the integral image (H+1, W+1) of a plane."""
        picked = integral[:, self.columns.ends] - integral[:, self.columns.starts]
        return np.asarray(picked[self.rows.ends] - picked[self.rows.starts], np.float64)

    def means(self, integral: NDArray[Any]) -> NDArray[np.float64]:
        """Return the means over the blocks, (rows, columns)."""
        return self.sums(integral) / self.areas

    @property
    def areas(self) -> NDArray[np.intp]:
        """Samples in each block, (rows, columns)."""
        return np.outer(self.rows.lengths, self.columns.lengths)


@lru_cache(maxsize=512)
def grid(shape: tuple[int, int], size: tuple[int, int]) -> Grid:
    """Return the blocks of a grid of `size` (rows, columns) over a picture of `shape` (height, width)."""
    return Grid(windows(shape[0], size[0]), windows(shape[1], size[1]))


def reduced_size(shape: tuple[int, int], longer_side: int) -> tuple[int, int]:
    """Return the (height, width) whose longer side is at most `longer_side`; never larger than `shape`."""
    factor = longer_side / max(shape)
    if factor >= 1:
        return shape
    return max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor))


def area_mean(
    plane: Samples, size: tuple[int, int], *, highest: int = 255, scale: float = 1.0, offset: float = 0.0
) -> Floats:
    """Return the plane averaged down to `size` (height, width), times `scale`, plus `offset`, as float32.

    `highest` is the greatest value an integer plane holds.
    """
    height, width = plane.shape
    if (height, width) == size:
        return _scale(plane, scale, offset)
    if _even(height, size[0]) and _even(width, size[1]) and width // size[1] >= _WIDE:
        return _scale(*_wide_block_sums(plane, size, scale), offset)
    down, across = windows(height, size[0]), windows(width, size[1])
    sums = _sum_rows(plane, size[0], _sum_type(plane, highest, int(down.lengths.max() * across.lengths.max())))
    sums = cv2.transpose(_sum_rows(_transpose(sums), size[1], sums.dtype))
    if _even(height, size[0]) and _even(width, size[1]):
        return _scale(sums, scale / (height // size[0] * (width // size[1])), offset)
    means = _scale(sums, scale, 0.0)
    means *= (1 / down.lengths).astype(np.float32)[:, None]
    means *= (1 / across.lengths).astype(np.float32)
    means += np.float32(offset)
    return means


def _wide_block_sums(plane: Samples, size: tuple[int, int], scale: float) -> tuple[Samples, float]:
    """Return the sums of large blocks, and `scale` for one of their pixels: no sum of rows needs to be turned."""
    down, across = plane.shape[0] // size[0], plane.shape[1] // size[1]
    kind = np.float32 if plane.dtype.kind == "f" else np.uint32
    bands = np.add.reduce(plane.reshape(size[0], down, -1), axis=1, dtype=kind)
    return bands.reshape(*size, across).sum(axis=2, dtype=kind), scale / (down * across)


def block_sums(
    values: Samples, side: int | tuple[int, int], widest: type[np.uint16] | type[np.uint32] = np.uint32
) -> Samples:
    """Return the sums of integers over whole blocks of `side` pixels or (height, width), (H // side, W // side).

    What is left over at the bottom and on the right does not count. Sums of a block's column fit into `widest`, those
    of blocks into the 24 bits that float32 adds exactly.
    """
    height, width = (side, side) if isinstance(side, int) else side
    rows, columns = values.shape[0] // height, values.shape[1] // width
    bands = np.add.reduce(values[: rows * height].reshape(rows, height, values.shape[1]), axis=1, dtype=widest)
    blocks = bands[:, : columns * width].reshape(-1, width)
    if widest is np.uint16 and blocks.size:
        return np.asarray(cv2.reduce(blocks, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32F).reshape(rows, columns))
    return np.asarray(blocks.sum(axis=1, dtype=np.uint32).reshape(rows, columns))


def _sum_type(plane: Samples, highest: int, area: int) -> np.dtype[Any]:
    if plane.dtype.kind == "f":
        return np.dtype(np.float32)
    return np.dtype(np.uint16 if highest * area <= 0xFFFF else np.int32)


def _even(length: int, size: int) -> bool:
    return length % size == 0


def _sum_rows(plane: Samples, size: int, dtype: np.dtype[Any]) -> Samples:
    """Return the sums over the windows of rows, (size, W). Whole rows are added: no sample is read out of order."""
    length = len(plane)
    if length == size:
        return plane.astype(dtype, copy=False)
    if _even(length, size):
        return np.asarray(np.add.reduce(plane.reshape(size, length // size, -1), axis=1, dtype=dtype))
    return _sum_uneven_rows(plane, windows(length, size), dtype)


def _sum_uneven_rows(plane: Samples, spans: Windows, dtype: np.dtype[Any]) -> Samples:
    lengths = spans.lengths
    sums = plane[spans.starts].astype(dtype, copy=False)
    for place in range(1, int(lengths.max())):
        longer = np.flatnonzero(lengths > place)
        if len(longer) == len(lengths):
            np.add(sums, plane[spans.starts + place], out=sums, casting="unsafe")
        else:
            sums[longer] += plane[spans.starts[longer] + place]
    return sums


def _transpose(plane: Samples) -> Samples:
    return cv2.transpose(plane)


def _scale(plane: Samples, scale: float, offset: float) -> Floats:
    scaled = np.multiply(plane, np.float32(scale), dtype=np.float32)
    if offset:
        scaled += np.float32(offset)
    return scaled
