"""Borders of 8x8 coding blocks: steps on a grid that steps off the grid do not match."""

import torch
from torch import Tensor

from detectors.functional.visible import visible_inside

_PERIOD = 8


def blockiness(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return mean |Δ| on the 8-pixel grid over mean |Δ| off it, both directions, (N,) >= 0; 1 is no grid at all.

    The maximum over the 8 phases of each direction, since a cropped or shifted picture keeps its grid; the two
    directions are averaged. At native size only: resizing erases the grid. NaN under 32 pixels, or with no step at
    all. Source: models.md §7 (after Wang, Bovik, Evans, "Blind measurement of blocking artifacts", ICIP 2000).
    """
    if min(luma.shape[-2:]) < 4 * _PERIOD:
        return luma.new_full((len(luma),), torch.nan)
    inside = visible_inside(visible, 1)
    across = _ratio(*_steps(luma, inside))
    down = _ratio(*_steps(luma.transpose(2, 3), None if inside is None else inside.transpose(2, 3)))
    return (across + down) / 2


def _steps(luma: Tensor, inside: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return, per column border, Σ|Δ| over the rows and the number of rows that count, each (N, W-1)."""
    steps = (luma[..., 1:] - luma[..., :-1]).abs()
    if inside is None:
        return steps.sum(dim=2)[:, 0], torch.full_like(steps[:, 0, 0], luma.shape[2])
    weight = (inside[..., 1:] & inside[..., :-1]).float()
    return (steps * weight).sum(dim=2)[:, 0], weight.sum(dim=2)[:, 0]


def _ratio(sums: Tensor, counts: Tensor) -> Tensor:
    """Return max over phases of (mean step on the phase) / (mean step elsewhere), (N,)."""
    phases = torch.arange(sums.shape[1], device=sums.device) % _PERIOD
    belongs = torch.nn.functional.one_hot(phases, _PERIOD).to(sums.dtype)
    on_sum, on_count = sums @ belongs, counts @ belongs
    off_sum = sums.sum(dim=1, keepdim=True) - on_sum
    off_count = counts.sum(dim=1, keepdim=True) - on_count
    off_mean = off_sum / off_count
    ratios = torch.where(off_mean > 1e-5, (on_sum / on_count) / off_mean, torch.nan)
    return ratios.nan_to_num(nan=-1.0).amax(dim=1).where(~ratios.isnan().all(dim=1), torch.nan)
