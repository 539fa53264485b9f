"""What changed since the picture before, block by block, so that a running clock counts as the little it is."""

import torch
from torch import Tensor
from torch.nn import functional

from detectors.functional.visible import visible_blocks

_SCALE = 32_000
_HIDDEN = -1
_BLOCK = 16
_CHANGED = 1.0
"""Mean |ΔY| in levels of 255 from which a block counts as changed."""


def remembered_luma(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return luma (N, 1, h, w) as (N, h, w) int16, a 32,000th of white a step, -1 where masked."""
    kept = luma.mul(_SCALE).round_().to(torch.int16)
    if visible is not None:
        kept = torch.where(visible, kept, _HIDDEN)
    return kept[:, 0]


def recalled_luma(remembered: Tensor) -> tuple[Tensor, Tensor]:
    """Return luma (N, 1, h, w) float32 in [0, 1] (0 where masked), and (N, 1, h, w) bool where it was visible."""
    planes = remembered[:, None]
    return planes.clamp_min(0).float() / _SCALE, planes >= 0


def block_change(now: Tensor, before: Tensor) -> Tensor:
    """Return (N, blocks) mean |Y_now - Y_before| in levels of 255 over blocks of 16x16, NaN where masked.

    `now` and `before` as of `remembered_luma`. Pictures under 32 pixels use one block for each quarter.
    """
    luma, seen = recalled_luma(now)
    earlier, seen_before = recalled_luma(before)
    grid = (max(2, luma.shape[-2] // _BLOCK), max(2, luma.shape[-1] // _BLOCK))
    change = functional.adaptive_avg_pool2d((luma - earlier).abs() * 255, grid)
    both = seen & seen_before
    if not bool(both.all()):
        kept = visible_blocks(both, grid)
        assert kept is not None
        change = torch.where(kept, change, torch.nan)
    return change.flatten(1)


def change_median(blocks: Tensor) -> Tensor:
    """Return the median block's change in levels of 255, (N,) >= 0; a clock or a passer-by does not move it."""
    return blocks.nanmedian(dim=1).values


def change_share(blocks: Tensor) -> Tensor:
    """Return the share of blocks that changed by a level or more on average, (N,) in [0, 1]."""
    seen = ~blocks.isnan()
    share = (blocks >= _CHANGED).float().sum(dim=1) / seen.sum(dim=1)
    return torch.where(seen.any(dim=1), share, torch.nan)


def flicker(now: Tensor, before: Tensor) -> Tensor:
    """Return |mean Y_now - mean Y_before| in levels of 255, (N,) >= 0, over what is visible in both."""
    luma, seen = recalled_luma(now)
    earlier, seen_before = recalled_luma(before)
    both = (seen & seen_before).float()
    return ((luma - earlier) * both).sum(dim=(1, 2, 3)).abs() * 255 / both.sum(dim=(1, 2, 3))
