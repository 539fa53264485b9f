"""Borders of 8x8 coding blocks: steps on a grid that steps off the grid do not match."""

import torch
from torch import Tensor
from torch.nn import functional

from detectors.functional.visible import visible_inside

_PERIOD = 8
_BAND = 16
"""Rows that one local step is averaged over: those of a macroblock, so that what stands alone stays alone."""
_REACH = 2


def blockiness(luma: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return how much steps on the 8-pixel grid exceed those off it, as a ratio and in levels, each (N,).

    Steps are mean |Δ| across a border, averaged over bands of 16 rows. Each counts as the median of itself and the
    two steps 8 and 16 pixels to either side in its band: a coding grid goes on across the picture, while the border of
    a privacy mask, a pillar bar or a window stands alone. Where 8 borders of a band show no step at all there is
    nothing to measure, so that a large mask does not dilute what is coded beside it.

    The ratio: the mean on the grid over the mean off it, at most 1,000; 1 is no grid at all. The maximum over the 8
    phases of each direction, since a cropped or shifted picture keeps its grid; the directions are averaged. The
    levels: the difference of the same means times 255 (ours), because a grid of a tenth of a level, as every coded fog
    has, is no fault however great its ratio. At native size only: resizing erases the grid. NaN under 32 pixels, or
    with no step at all. Source: models.md §7 (after Wang, Bovik, Evans, "Blind measurement of blocking
    artifacts", ICIP 2000); the local median is ours.
    """
    if min(luma.shape[-2:]) < 4 * _PERIOD:
        nothing = luma.new_full((len(luma),), torch.nan)
        return nothing, nothing
    inside = visible_inside(visible, 1)
    across = _grid(*_steps(luma, inside))
    down = _grid(*_steps(luma.transpose(2, 3), None if inside is None else inside.transpose(2, 3)))
    return (across[0] + down[0]) / 2, (across[1] + down[1]) / 2 * 255


def _steps(luma: Tensor, inside: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return, per band of rows and column border, mean |Δ| and how many pixels it is of: (N, bands, periods, 8)."""
    steps = (luma[..., 1:] - luma[..., :-1]).abs_()[:, 0]
    if inside is None:
        rows = _in_bands(steps.new_ones(len(luma), luma.shape[2], 1))
        counts = _in_periods(rows.expand(-1, -1, steps.shape[2]))
    else:
        counted = (inside[..., 1:] & inside[..., :-1])[:, 0].to(steps.dtype)
        steps *= counted
        counts = _in_periods(_in_bands(counted))
    return _in_periods(_in_bands(steps)) / counts.clamp(min=1), counts


def _in_bands(values: Tensor) -> Tensor:
    """Return the sums over bands of rows, the last one over what is left: (N, bands, W)."""
    number, height, width = values.shape
    whole = height // _BAND * _BAND
    sums = values[:, :whole].view(number, -1, _BAND, width).sum(dim=2)
    return sums if whole == height else torch.cat([sums, values[:, whole:].sum(dim=1, keepdim=True)], dim=1)


def _in_periods(values: Tensor) -> Tensor:
    return functional.pad(values, (0, -values.shape[2] % _PERIOD)).view(*values.shape[:2], -1, _PERIOD)


def _grid(steps: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Return (N,) ratio and difference of the mean step on the strongest phase and elsewhere."""
    lively = (steps > 0).any(dim=3, keepdim=True)
    weights = counts * lively
    on_count = weights.sum(dim=(1, 2))
    on_sum = (_shared(steps, counts > 0) * weights).sum(dim=(1, 2))
    on_mean = on_sum / on_count
    off_mean = (on_sum.sum(dim=1, keepdim=True) - on_sum) / (on_count.sum(dim=1, keepdim=True) - on_count)
    ratio = torch.where((off_mean > 0) | (on_mean > 0), (on_mean / off_mean).clamp(max=1e3), torch.nan)
    best = ratio.nan_to_num(nan=-1.0).argmax(dim=1, keepdim=True)
    levels = (on_mean - off_mean).gather(1, best)[:, 0]
    still = (on_count.sum(dim=1) == 0) & (counts.sum(dim=(1, 2, 3)) > 0)
    return ratio.gather(1, best)[:, 0], torch.where(still, 0.0, levels)


def _shared(steps: Tensor, present: Tensor) -> Tensor:
    """Return the median of each step and its four neighbours on the same grid, of the same shape.

    Of neighbours beyond the picture or under a mask two count as lower than all and two as higher: they cancel out.
    """
    length, extremes = steps.shape[2], (-torch.inf, torch.inf, 0.0, -torch.inf, torch.inf)
    a, b, centre, c, d = (
        functional.pad(torch.where(present, steps, absent), (0, 0, _REACH, _REACH), value=absent)[
            :, :, at : at + length
        ]
        for at, absent in enumerate(extremes)
    )
    low = torch.maximum(torch.minimum(a, b), torch.minimum(c, d))
    high = torch.minimum(torch.maximum(a, b), torch.maximum(c, d))
    low, high = torch.minimum(low, high), torch.maximum(low, high)
    return torch.maximum(low, torch.minimum(high, centre))
