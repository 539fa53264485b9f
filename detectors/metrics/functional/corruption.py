"""What a decoder leaves where data was lost: rows drawn out to smears, and flat blocks of grey or green."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.metrics.picture.arrays import Floats, Samples
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.picture.steps import BAND
from detectors.metrics.picture.windows import area_mean

_BLOCK = BAND
_STILL_DOWN, _LIVELY_ACROSS = 0.35, 1.5
_FLAT = 0.5
_ROW_SHARE, _LEAST_IN_ROW = 0.5, 0.12
_LEAST_RUN = 1.0
"""Rows of blocks that lost grey fills without a gap: 70 photographs at JPEG quality 14, 7 and 3 fill no whole one."""

Flags = NDArray[np.bool_]
"""(rows, columns) of blocks."""


def corrupt_share(picture: DecodedPicture) -> float:
    """Return the share of 16x16 blocks that look smeared or lost, [0, 1]; NaN under 32 pixels.

    Smeared: mean |Δ| down the block under 0.35 levels and under a tenth of that across, which is at least 1.5 levels:
    the row above, repeated; and so in half of the lively blocks beside it and an eighth of the row, since slices are
    lost in rows, while columns and poles stand beside other things. Lost: flat at luma code 128 without colour in a
    picture that has some, over at least one row in the order of coding, as slices are lost (coarse coding makes such
    blocks too, scattered); or at code 0 with both chroma at code 0 (the green of an empty buffer). Source: ours.
    """
    height, width = picture.shape
    if min(height, width) < 2 * _BLOCK:
        return math.nan
    size = (height // _BLOCK, width // _BLOCK)
    to_levels = picture.codes.levels
    across = _inner_steps(picture.column_steps.sums, size) * to_levels
    down = _inner_steps(picture.row_steps.sums, (size[1], size[0])).T * to_levels
    lively = across > _LIVELY_ACROSS
    smeared = _in_rows((down < _STILL_DOWN) & lively & (10 * down < across), lively)
    flat = (down < _FLAT) & (across < _FLAT)
    faulty = smeared | _mask_lost(picture, flat) if flat.any() else smeared
    kept = None if picture.visible is None else _mask_kept(picture, size)
    if kept is not None:
        return float(faulty[kept].mean()) if kept.any() else math.nan
    return np.count_nonzero(faulty) / faulty.size


def _mask_kept(picture: DecodedPicture, size: tuple[int, int]) -> Flags:
    assert picture.visible is not None
    return picture.visible.blocks(size) > 0


def _inner_steps(sums: Samples, size: tuple[int, int]) -> Floats:
    """Return mean |Δ| within each block, in codes, of the band sums: the 15 borders inside it."""
    rows, columns = size
    wide = np.zeros((rows, columns * _BLOCK), sums.dtype)
    kept = min(columns * _BLOCK, sums.shape[1])
    wide[:, :kept] = sums[:rows, :kept]
    wide[:, _BLOCK - 1 :: _BLOCK] = 0
    inner = cv2.reduce(wide.reshape(-1, _BLOCK), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32F)
    return np.asarray(inner.reshape(rows, columns) / np.float32(_BLOCK * (_BLOCK - 1)), np.float32)


def _in_rows(smeared: Flags, lively: Flags) -> Flags:
    """Keep smeared blocks only in rows of blocks where half of all that is lively, and enough of it, is smeared."""
    busy = lively.sum(axis=1, keepdims=True)
    drawn = smeared.sum(axis=1, keepdims=True)
    return np.asarray(smeared & (drawn >= _ROW_SHARE * busy) & (drawn >= _LEAST_IN_ROW * smeared.shape[1]))


def _mask_lost(picture: DecodedPicture, flat: Flags) -> Flags:
    """Return the flat blocks of a decoder's empty buffer, grey or green."""
    lost = np.zeros_like(flat)
    if picture.chroma is None:
        return lost
    codes = picture.codes
    rows, columns = np.nonzero(flat)
    level = (_samples_of_blocks(picture.luma, flat.shape, rows, columns) - codes.black) / codes.span
    grey = (np.abs(level - 128 / 255) < 3 * _FLAT / 255) | (np.abs(level - 112 / 219) < 3 * _FLAT / 255)
    dark = level < 0.02
    if not (grey.any() or dark.any()):
        return lost
    colour = np.stack([_colour_means(plane, picture.shape, flat.shape) - codes.neutral for plane in picture.chroma])
    colour /= codes.colour_span
    here = colour[:, rows, columns]
    lost[rows, columns] = dark & (here < -0.4).all(axis=0)
    if float((np.abs(colour) > 4 / 255).any(axis=0).mean()) > 0.05:
        empty = np.zeros_like(flat)
        empty[rows, columns] = grey & (np.abs(here) < 1 / 255).all(axis=0)
        lost |= _in_runs(empty)
    return lost


def _in_runs(blocks: Flags) -> Flags:
    """Keep blocks that follow one another, row after row, for `_LEAST_RUN` rows or more."""
    order = np.concatenate([[False], blocks.ravel(), [False]])
    change = np.diff(order.astype(np.int8))
    begins, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    kept = np.zeros(blocks.size, dtype=bool)
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        kept[begin:end] = end - begin >= _LEAST_RUN * blocks.shape[1]
    return kept.reshape(blocks.shape)


def _samples_of_blocks(
    luma: Samples, size: tuple[int, ...], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the mean code of blocks by 16 of their pixels: all are alike."""
    blocks = luma[: size[0] * _BLOCK, : size[1] * _BLOCK][2::4, 2::4].reshape(size[0], 4, size[1], 4)
    return np.asarray(blocks[rows, :, columns, :].mean(axis=(1, 2)))


def _colour_means(plane: Samples, shape: tuple[int, int], size: tuple[int, ...]) -> Floats:
    """Return the mean colour of each block; what luma has beside its last whole block is left out of colour too."""
    rows, columns = (-(-size[axis] * _BLOCK * plane.shape[axis] // shape[axis]) for axis in (0, 1))
    return area_mean(plane[:rows, :columns], (size[0], size[1]), highest=0xFFFF)
