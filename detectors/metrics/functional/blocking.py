"""Borders of 8x8 coding blocks: steps on a grid that steps off the grid do not match."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors.metrics.picture.arrays import Samples
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.picture.steps import Steps

PERIOD = 8
_MOST = 1e3
_NEAR, _FAR = PERIOD, 2 * PERIOD
_HIGHEST_SUM = np.iinfo(np.uint16).max


def blockiness(picture: DecodedPicture) -> tuple[float, float]:
    """Return how much steps on the 8-pixel grid exceed those off it, as a ratio and in levels of 255.

    Steps are mean |Δ| across a border, averaged over bands of 16 rows. Each counts as the median of itself and the
    two steps 8 and 16 pixels to either side in its band: a coding grid goes on across the picture, while the border of
    a privacy mask, a pillar bar or a window has no other beside it. Where 8 borders of a band show no step at all there
    is nothing to measure, so that a large mask does not dilute what is coded beside it.

    The ratio: the mean on the grid over the mean off it, at most 1,000; 1 is no grid at all. The maximum over the 8
    phases of each direction, since a cropped or shifted picture keeps its grid; the directions are averaged. The
    levels: the difference of the same means (ours), because a grid of a tenth of a level, as every coded fog has, is
    no fault however great its ratio. At native size only: resizing erases the grid. NaN under 32 pixels, or with no
    step at all. After Wang, Bovik, Evans, "Blind measurement of blocking artifacts", ICIP 2000; the local median is
    ours.
    """
    if min(picture.shape) < 4 * PERIOD:
        return math.nan, math.nan
    across, down = _grid(picture.column_steps), _grid(picture.row_steps)
    return (across[0] + down[0]) / 2, (across[1] + down[1]) / 2 * picture.codes.levels


def _grid(steps: Steps) -> tuple[float, float]:
    """Return ratio and difference of the mean step on the strongest phase and elsewhere."""
    lively = _whole_periods(steps.sums).view(np.uint64).reshape(len(steps.sums), -1, 2)
    lively = lively[..., 0] | lively[..., 1] != 0
    if lively.all() and not steps.masked:
        shared = _median_with_neighbours(steps.sums)
        on_count = _columns_by_phase(shared.shape[1]) * float(steps.counts.sum())
        return _compare_phases(_by_phase(np.add.reduce(shared, axis=0, dtype=np.uint32)), on_count)
    lively_columns = np.repeat(lively, PERIOD, axis=1)[:, : steps.sums.shape[1]]
    if steps.masked:
        present = steps.counts > 0
        shared = (
            _median_with_neighbours(np.where(present, steps.sums / np.maximum(steps.counts, 1), 0), present)
            * steps.counts
        )
        on_count = _by_phase((lively_columns * steps.counts).sum(axis=0))
    else:
        # All steps of a band are of as many pixels: the median of their sums is the median of their means.
        shared = _median_with_neighbours(steps.sums)
        on_count = _by_phase(steps.counts[:, 0] @ lively_columns)
    shared *= lively_columns
    on_sum = _by_phase(shared.sum(axis=0, dtype=np.uint32 if shared.dtype == np.uint16 else np.float64))
    if on_count.sum() == 0:
        return math.nan, 0.0 if np.any(steps.counts > 0) else math.nan
    return _compare_phases(on_sum, on_count)


def _compare_phases(on_sum: NDArray[np.float64], on_count: NDArray[np.float64]) -> tuple[float, float]:
    """Return ratio and difference of the mean step on the strongest phase and elsewhere, of (8,) sums and counts."""
    with np.errstate(divide="ignore", invalid="ignore"):
        on_mean = on_sum / on_count
        off_mean = (on_sum.sum() - on_sum) / (on_count.sum() - on_count)
        ratios = np.minimum(on_mean / off_mean, _MOST)
    ratios[np.isnan(ratios)] = -1
    best = int(ratios.argmax())
    ratio = float(ratios[best])
    return ratio if ratio >= 0 else math.nan, float(on_mean[best] - off_mean[best])


def _whole_periods(values: Samples) -> Samples:
    """Return (bands, W) with zeros added up to a multiple of 8."""
    wide = np.zeros((len(values), -(-values.shape[1] // PERIOD) * PERIOD), values.dtype)
    wide[:, : values.shape[1]] = values
    return wide


def _by_phase(columns: Samples) -> NDArray[np.float64]:
    """Return the sums of (W,) over every eighth column, (8,)."""
    return np.asarray(_whole_periods(columns[None]).reshape(-1, PERIOD).sum(axis=0, dtype=np.float64))


@lru_cache(maxsize=64)
def _columns_by_phase(width: int) -> NDArray[np.float64]:
    return np.bincount(np.arange(width) % PERIOD, minlength=PERIOD).astype(np.float64)


def _median_with_neighbours(steps: Samples, present: Samples | None = None) -> Samples:
    """Return the median of each of (bands, W) steps and its four neighbours on the same grid, of the same shape.

    Of neighbours beyond the picture or under a mask two count as lower than all and two as higher: they cancel out.
    """
    length = steps.shape[1]
    highest = _HIGHEST_SUM if steps.dtype.kind == "u" else np.inf
    lower = np.zeros((len(steps), length + 2 * _FAR), steps.dtype)
    upper = np.full_like(lower, highest)
    lower[:, _FAR:-_FAR] = steps
    upper[:, _FAR:-_FAR] = steps if present is None else np.where(present, steps, highest)
    a, c = lower[:, :length], lower[:, _FAR + _NEAR : _FAR + _NEAR + length]
    b, d = upper[:, _NEAR : _NEAR + length], upper[:, 2 * _FAR : 2 * _FAR + length]
    low, high = np.minimum(a, b), np.maximum(a, b)
    other_low, other_high = np.minimum(c, d), np.maximum(c, d)
    low_of_highs = np.minimum(high, other_high, out=high)
    high_of_lows = np.maximum(low, other_low, out=low)
    np.minimum(high_of_lows, low_of_highs, out=other_low)
    np.maximum(high_of_lows, low_of_highs, out=other_high)
    return np.maximum(other_low, np.minimum(other_high, steps, out=other_high), out=other_low)
