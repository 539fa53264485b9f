"""Where edges lie and which way they run, block by block: what stays when light changes and people walk through."""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.metrics.picture.arrays import Bytes, Floats, Words
from detectors.metrics.picture.codes import FIXED_POINT, CodeRange
from detectors.metrics.picture.visible import VisibleArea
from detectors.metrics.picture.windows import Windows, area_mean, windows

ROWS, COLUMNS, ORIENTATIONS = 18, 32, 8
_LEAST_BLOCK = 4
_ENERGY = 1
_MOST_ENERGY = 181.0
"""Levels a pixel, of a step from black to white along a diagonal."""
_HIGHEST_CODE, _HIDDEN_CODE = 254, 255
_FINE = 64
"""Orientations that are distinguished before they are shared out; a power of two."""
_TENTS = np.maximum(
    0, 1 - np.abs((np.arange(_FINE)[:, None] + 0.5) * ORIENTATIONS / _FINE - np.arange(ORIENTATIONS + 1))
)
_SHARES = np.column_stack([_TENTS[:, 0] + _TENTS[:, ORIENTATIONS], _TENTS[:, 1:ORIENTATIONS]])
"""(64, 8): the part of a fine orientation that counts for each of the eight."""
_SPARE_BITS = 4
_NOISE_LEVELS = 1.5
"""Gradients under this many levels a pixel are noise after smoothing and count for nothing."""


def pack_structure(structure: Floats) -> Bytes:
    """Return a structure in 8 bits a number, of the same shape: a 254th of each channel's range, 255 for NaN.

    Gradient energies are kept by their square root, so that weak ones keep their precision.
    """
    scaled = structure.copy()
    scaled[..., _ENERGY] = np.sqrt(np.clip(scaled[..., _ENERGY], 0, _MOST_ENERGY) / _MOST_ENERGY)
    hidden = np.isnan(scaled)
    codes = np.rint(np.clip(np.where(hidden, 0, scaled), 0, 1) * _HIGHEST_CODE).astype(np.uint8)
    codes[hidden] = _HIDDEN_CODE
    return np.asarray(codes, np.uint8)


def unpack_structure(codes: Bytes) -> Floats:
    """Return the structure that `pack_structure` packed, of the same shape, NaN where a block was hidden."""
    structure = codes.astype(np.float32) / np.float32(_HIGHEST_CODE)
    structure[..., _ENERGY] = structure[..., _ENERGY] ** 2 * np.float32(_MOST_ENERGY)
    structure[codes == _HIDDEN_CODE] = np.nan
    return structure


def block_structure(luma: Words, codes: CodeRange, visible: VisibleArea | None = None) -> Floats:
    """Return (rows <= 18, columns <= 32, 2 + 8) block statistics of luma (h, w), 128 to an 8-bit code.

    Channel 0: mean luma, [0, 1]. 1: mean gradient magnitude in levels a pixel, after a 3x3 mean and less 1.5 levels
    of noise. 2 … 9: histogram of gradient orientations modulo 180°, weighted with the magnitude, interpolated between
    neighbouring bins, summing to 1, or 0 where the block has no gradient (after Dalal and Triggs, "Histograms of
    oriented gradients", CVPR 2005; without block normalisation). Every second pixel
    of every second row is looked at: after the mean its neighbours say the same. A block that meets a mask is NaN
    throughout.
    """
    height, width = luma.shape
    size = (max(1, min(ROWS, height // _LEAST_BLOCK)), max(1, min(COLUMNS, width // _LEAST_BLOCK)))
    blocks = np.empty((*size, 2 + ORIENTATIONS), np.float32)
    scale = 1 / (codes.span * FIXED_POINT)
    blocks[..., 0] = area_mean(luma, size, highest=0xFFFF, scale=scale, offset=-codes.black / codes.span)
    histogram = _orientations(luma, codes.levels, size)
    energy = histogram.sum(axis=2)
    blocks[..., 1] = energy
    blocks[..., 2:] = histogram / np.where(energy > 0, energy, 1)[..., None]
    if visible is not None:
        blocks[visible.blocks(size) == 0] = np.nan
    return blocks


def _orientations(luma: Words, levels: float, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return (rows, columns, 8): each pixel's magnitude shared between the two orientations next to its angle."""
    across, down = _gradients(luma)
    unit = levels / (2 * 9 * (FIXED_POINT >> _SPARE_BITS))
    magnitude, angle = cv2.cartToPolar(across, down)
    magnitude *= np.float32(unit)
    magnitude -= np.float32(_NOISE_LEVELS)
    angle *= np.float32(_FINE / math.pi)
    fine = angle.astype(np.intp)
    fine &= _FINE - 1
    cells = _cells((luma.shape[0], luma.shape[1]), size)
    fine += cells.of_pixel
    counts = np.bincount(fine.ravel(), np.maximum(magnitude, 0, out=magnitude).ravel(), cells.count)
    return cells.sums((counts.reshape(-1, _FINE) @ _SHARES).ravel())


def _gradients(luma: Words) -> tuple[Floats, Floats]:
    """Return the differences across and down, after a 3x3 mean, of every second pixel either way; 144 to a code."""
    padded = cv2.copyMakeBorder((luma >> _SPARE_BITS).view(np.int16), 2, 2, 2, 2, cv2.BORDER_REPLICATE)
    rows = padded[:-2] + padded[1:-1]
    rows += padded[2:]
    smooth = rows[:, :-2] + rows[:, 1:-1]
    smooth += rows[:, 2:]
    here = smooth[1:-1:2]
    across = (here[:, 2:] - here[:, :-2])[:, ::2]
    down = (smooth[2::2, 1:-1] - smooth[:-2:2, 1:-1])[:, ::2]
    return across.astype(np.float32), down.astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Cells:
    """The picture cut where any block starts or ends, so that blocks that overlap by a line share cells."""

    of_pixel: NDArray[np.intp]
    """(h/2, w/2): 64 times the number of the cell of each pixel that is looked at."""
    rows: NDArray[np.float64]
    """(blocks down, cells down): 1 / pixels looked at down the block where the cell is part of it, else 0."""
    columns: NDArray[np.float64]

    @property
    def count(self) -> int:
        return int(self.rows.shape[1] * self.columns.shape[1] * _FINE)

    def sums(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the means over each block's pixels, (rows, columns, 8)."""
        planes = counts.reshape(self.rows.shape[1], self.columns.shape[1] * ORIENTATIONS)
        down = (self.rows @ planes).reshape(len(self.rows), self.columns.shape[1], ORIENTATIONS)
        return np.asarray(np.matmul(self.columns, down))


@lru_cache(maxsize=16)
def _cells(shape: tuple[int, int], size: tuple[int, int]) -> _Cells:
    row_cells, rows = _cut(windows(shape[0], size[0]), shape[0], 2)
    column_cells, columns = _cut(windows(shape[1], size[1]), shape[1], 2)
    of_pixel = (row_cells[:, None] * columns.shape[1] + column_cells) * _FINE
    return _Cells(of_pixel, rows, columns)


def _cut(spans: Windows, length: int, step: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the cell of each `step`-th sample of an axis, and its weight in each block (blocks, cells)."""
    bounds = np.unique(np.concatenate([spans.starts, spans.ends]))
    cell = np.searchsorted(bounds, np.arange(0, length, step), side="right") - 1
    starts = bounds[:-1]
    part = (starts >= spans.starts[:, None]) & (starts < spans.ends[:, None])
    samples = part @ np.bincount(cell, minlength=len(starts))
    return cell, part / np.maximum(samples, 1)[:, None]
