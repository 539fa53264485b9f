"""Borders of 8x8 coding blocks: steps on a grid that steps off the grid do not match."""

import torch
from torch import Tensor

from detectors.functional.visible import visible_inside

_PERIOD = 8


def blockiness(luma: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return how much steps on the 8-pixel grid exceed those off it, as a ratio and in levels, each (N,).

    The ratio: mean |Δ| on the grid over mean |Δ| off it, at most 1,000; 1 is no grid at all. The maximum over the 8
    phases of each direction, since a cropped or shifted picture keeps its grid; the directions are averaged. The
    levels: the difference of the same means times 255 (ours), because a grid of a tenth of a level, as every coded fog
    has, is no fault however great its ratio. At native size only: resizing erases the grid. NaN under 32 pixels, or
    with no step at all. Source: models.md §7 (after Wang, Bovik, Evans, "Blind measurement of blocking
    artifacts", ICIP 2000).
    """
    if min(luma.shape[-2:]) < 4 * _PERIOD:
        nothing = luma.new_full((len(luma),), torch.nan)
        return nothing, nothing
    inside = visible_inside(visible, 1)
    across = _grid(*_steps(luma, inside))
    down = _grid(*_steps(luma.transpose(2, 3), None if inside is None else inside.transpose(2, 3)))
    return (across[0] + down[0]) / 2, (across[1] + down[1]) / 2 * 255


def _steps(luma: Tensor, inside: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return, per column border, the sum of |Δ| over the rows and the number of rows that count, each (N, W-1)."""
    steps = (luma[..., 1:] - luma[..., :-1]).abs()
    if inside is None:
        return steps.sum(dim=2)[:, 0], torch.full_like(steps[:, 0, 0], luma.shape[2])
    weight = (inside[..., 1:] & inside[..., :-1]).float()
    return (steps * weight).sum(dim=2)[:, 0], weight.sum(dim=2)[:, 0]


def _grid(sums: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Return (N,) ratio and difference of the mean step on the strongest phase and elsewhere."""
    phases = torch.arange(sums.shape[1], device=sums.device) % _PERIOD
    belongs = torch.nn.functional.one_hot(phases, _PERIOD).to(sums.dtype)
    on_sum, on_count = sums @ belongs, counts @ belongs
    on_mean = on_sum / on_count
    off_mean = (sums.sum(dim=1, keepdim=True) - on_sum) / (counts.sum(dim=1, keepdim=True) - on_count)
    ratio = torch.where((off_mean > 0) | (on_mean > 0), (on_mean / off_mean).clamp(max=1e3), torch.nan)
    best = ratio.nan_to_num(nan=-1.0).argmax(dim=1, keepdim=True)
    return ratio.gather(1, best)[:, 0], (on_mean - off_mean).gather(1, best)[:, 0]
