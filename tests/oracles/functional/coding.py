"""Borders of 8x8 coding blocks: steps on a grid that steps off the grid do not match."""

import torch
from torch import Tensor
from torch.nn import functional

from tests.oracles.functional.masking import visible_blocks, visible_inside, visible_mean

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
    on_sum = (_median_along_grid(steps, counts > 0) * weights).sum(dim=(1, 2))
    on_mean = on_sum / on_count
    off_mean = (on_sum.sum(dim=1, keepdim=True) - on_sum) / (on_count.sum(dim=1, keepdim=True) - on_count)
    ratio = torch.where((off_mean > 0) | (on_mean > 0), (on_mean / off_mean).clamp(max=1e3), torch.nan)
    best = ratio.nan_to_num(nan=-1.0).argmax(dim=1, keepdim=True)
    levels = (on_mean - off_mean).gather(1, best)[:, 0]
    still = (on_count.sum(dim=1) == 0) & (counts.sum(dim=(1, 2, 3)) > 0)
    return ratio.gather(1, best)[:, 0], torch.where(still, 0.0, levels)


def _median_along_grid(steps: Tensor, present: Tensor) -> Tensor:
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


_BLOCK = 16
_STILL_DOWN, _LIVELY_ACROSS = 0.35 / 255, 1.5 / 255
_FLAT = 0.5 / 255
_ROW_SHARE, _LEAST_IN_ROW = 0.5, 0.12


def corrupt_share(luma: Tensor, chroma: Tensor | None, visible: Tensor | None = None) -> Tensor:
    """Return the share of 16x16 blocks that look smeared or lost, (N,) in [0, 1]; NaN under 32 pixels.

    Smeared: mean |Δ| down the block under 0.35 levels and under a tenth of that across, which is at least 1.5 levels:
    the row above, repeated; and so in half of the lively blocks beside it and an eighth of the row, since slices are
    lost in rows, while columns and poles stand beside other things. Lost: flat at luma code 128 without colour in a
    picture that has some, over at least one row in the order of coding, as slices are lost; or at code 0 with both
    chroma at code 0 (the green of an empty buffer). Source: ours.
    """
    if min(luma.shape[-2:]) < 2 * _BLOCK:
        return luma.new_full((len(luma),), torch.nan)
    grid = (luma.shape[-2] // _BLOCK, luma.shape[-1] // _BLOCK)
    cut = luma[..., : grid[0] * _BLOCK, : grid[1] * _BLOCK]
    down = functional.avg_pool2d((cut[..., 1:, :] - cut[..., :-1, :]).abs(), (_BLOCK - 1, _BLOCK), stride=_BLOCK)
    across = functional.avg_pool2d((cut[..., :, 1:] - cut[..., :, :-1]).abs(), (_BLOCK, _BLOCK - 1), stride=_BLOCK)
    lively = across > _LIVELY_ACROSS
    smeared = _in_rows((down < _STILL_DOWN) & lively & (10 * down < across), lively)
    lost = _find_lost_blocks(cut, chroma, grid, (down < _FLAT) & (across < _FLAT))
    return visible_mean((smeared | lost).float(), visible_blocks(visible, grid))[:, 0]


def _in_rows(smeared: Tensor, lively: Tensor) -> Tensor:
    """Keep smeared blocks only in rows of blocks where half of all that is lively, and enough of it, is smeared."""
    busy = lively.float().sum(dim=3, keepdim=True)
    drawn = smeared.float().sum(dim=3, keepdim=True)
    return smeared & (drawn >= _ROW_SHARE * busy) & (drawn >= _LEAST_IN_ROW * smeared.shape[3])


def _find_lost_blocks(cut: Tensor, chroma: Tensor | None, grid: tuple[int, int], flat: Tensor) -> Tensor:
    if chroma is None:
        return torch.zeros_like(flat)
    level = functional.avg_pool2d(cut, _BLOCK)
    colour = functional.adaptive_avg_pool2d(chroma, grid)
    neutral = (colour.abs() < 1 / 255).all(dim=1, keepdim=True)
    grey = ((level - 128 / 255).abs() < 3 * _FLAT) | ((level - 112 / 219).abs() < 3 * _FLAT)
    green = (level < 0.02) & (colour < -0.4).all(dim=1, keepdim=True)
    coloured = (colour.abs() > 4 / 255).any(dim=1, keepdim=True).float().mean(dim=(2, 3), keepdim=True) > 0.05
    empty = _in_runs(flat & grey & neutral & coloured)
    return empty | (flat & green)


def _in_runs(blocks: Tensor) -> Tensor:
    """Keep the blocks of (N, 1, rows, columns) that follow one another, row after row, for a row and more."""
    kept = torch.zeros_like(blocks)
    for picture, chosen in zip(blocks, kept, strict=True):
        run: list[int] = []
        for place, lost in enumerate([*picture.flatten().tolist(), False]):
            if lost:
                run.append(place)
                continue
            if len(run) >= picture.shape[-1]:
                chosen.view(-1)[run] = True
            run = []
    return kept
