"""What a decoder leaves where data was lost: rows drawn out to smears, and flat blocks of grey or green."""

import torch
from torch import Tensor
from torch.nn import functional

from detectors.functional.visible import visible_blocks, visible_mean

_BLOCK = 16
_STILL_DOWN, _LIVELY_ACROSS = 0.35 / 255, 1.5 / 255
_FLAT = 0.5 / 255
_ROW_SHARE, _LEAST_IN_ROW = 0.5, 0.12


def corrupt_share(luma: Tensor, chroma: Tensor | None, visible: Tensor | None = None) -> Tensor:
    """Return the share of 16x16 blocks that look smeared or lost, (N,) in [0, 1]; NaN under 32 pixels.

    Smeared: mean |Δ| down the block under 0.35 levels and under a tenth of that across, which is at least 1.5 levels:
    the row above, repeated; and so in half of the lively blocks beside it and an eighth of the row, since slices are
    lost in rows, while columns and poles stand beside other things. Lost: flat at luma code 128 without colour in a
    picture that has some, or at code 0 with both chroma at code 0 (the green of an empty buffer). Source: ours.
    """
    if min(luma.shape[-2:]) < 2 * _BLOCK:
        return luma.new_full((len(luma),), torch.nan)
    grid = (luma.shape[-2] // _BLOCK, luma.shape[-1] // _BLOCK)
    cut = luma[..., : grid[0] * _BLOCK, : grid[1] * _BLOCK]
    down = functional.avg_pool2d((cut[..., 1:, :] - cut[..., :-1, :]).abs(), (_BLOCK - 1, _BLOCK), stride=_BLOCK)
    across = functional.avg_pool2d((cut[..., :, 1:] - cut[..., :, :-1]).abs(), (_BLOCK, _BLOCK - 1), stride=_BLOCK)
    lively = across > _LIVELY_ACROSS
    smeared = _in_rows((down < _STILL_DOWN) & lively & (10 * down < across), lively)
    lost = _lost(cut, chroma, grid, (down < _FLAT) & (across < _FLAT))
    return visible_mean((smeared | lost).float(), visible_blocks(visible, grid))[:, 0]


def _in_rows(smeared: Tensor, lively: Tensor) -> Tensor:
    """Keep smeared blocks only in rows of blocks where half of all that is lively, and enough of it, is smeared."""
    busy = lively.float().sum(dim=3, keepdim=True)
    drawn = smeared.float().sum(dim=3, keepdim=True)
    return smeared & (drawn >= _ROW_SHARE * busy) & (drawn >= _LEAST_IN_ROW * smeared.shape[3])


def _lost(cut: Tensor, chroma: Tensor | None, grid: tuple[int, int], flat: Tensor) -> Tensor:
    if chroma is None:
        return torch.zeros_like(flat)
    level = functional.avg_pool2d(cut, _BLOCK)
    colour = functional.adaptive_avg_pool2d(chroma, grid)
    neutral = (colour.abs() < 1 / 255).all(dim=1, keepdim=True)
    grey = ((level - 128 / 255).abs() < 3 * _FLAT) | ((level - 112 / 219).abs() < 3 * _FLAT)
    green = (level < 0.02) & (colour < -0.4).all(dim=1, keepdim=True)
    coloured = (colour.abs() > 4 / 255).any(dim=1, keepdim=True).float().mean(dim=(2, 3), keepdim=True) > 0.05
    return flat & ((grey & neutral & coloured) | green)
