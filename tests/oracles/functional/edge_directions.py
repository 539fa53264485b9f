"""Where edges lie and which way they run, block by block: what stays when light changes and people walk through."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from tests.oracles.functional.masking import visible_blocks

ROWS, COLUMNS, ORIENTATIONS = 18, 32, 8
_LEAST_BLOCK = 4
_NOISE_LEVELS = 1.5
"""Gradients under this many levels a pixel are noise after smoothing and count for nothing."""


def block_structure(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return (N, rows <= 18, columns <= 32, 2 + 8) block statistics of luma (N, 1, H, W) in [0, 1].

    Channel 0: mean luma, [0, 1]. 1: mean gradient magnitude in levels a pixel, after a 3x3 mean and less 1.5 levels
    of noise. 2 … 9: histogram of gradient orientations modulo 180°, weighted with the magnitude, interpolated between
    neighbouring bins, summing to 1, or 0 where the block has no gradient (after Dalal and Triggs, "Histograms of
    oriented gradients", CVPR 2005; without block normalisation). A block that meets a mask is NaN throughout.
    """
    grid = (max(1, min(ROWS, luma.shape[-2] // _LEAST_BLOCK)), max(1, min(COLUMNS, luma.shape[-1] // _LEAST_BLOCK)))
    padded = functional.pad(luma, (2, 2, 2, 2), mode="replicate")
    smooth = functional.avg_pool2d(padded, 3, stride=1)
    across = (smooth[..., 1:-1, 2:] - smooth[..., 1:-1, :-2]) * 127.5
    down = (smooth[..., 2:, 1:-1] - smooth[..., :-2, 1:-1]) * 127.5
    magnitude = (across.square() + down.square()).sqrt().sub_(_NOISE_LEVELS).clamp_min_(0)
    angle = torch.atan2(down, across).div_(math.pi / ORIENTATIONS).remainder_(ORIENTATIONS)
    histogram = _histogram(angle, magnitude, grid)
    energy = histogram.sum(dim=1, keepdim=True)
    mean = functional.adaptive_avg_pool2d(luma, grid)
    blocks = torch.cat([mean, energy, torch.where(energy > 0, histogram / energy, 0)], dim=1)
    kept = visible_blocks(visible, grid)
    if kept is not None:
        blocks = torch.where(kept, blocks, torch.nan)
    return blocks.permute(0, 2, 3, 1).contiguous()


def _histogram(angle: Tensor, magnitude: Tensor, grid: tuple[int, int]) -> Tensor:
    """Return (N, 8, rows, columns): each pixel's magnitude shared between the two orientations next to its angle.

    One orientation at a time in one buffer: eight whole planes would leave the processor's cache.
    """
    share = torch.empty_like(angle)
    blocks = []
    for orientation in range(ORIENTATIONS):
        torch.sub(angle, orientation, out=share).abs_()
        if orientation == 0:
            # Only here is the way round past the last orientation the shorter one.
            torch.minimum(share, ORIENTATIONS - angle, out=share)
        share.neg_().add_(1).clamp_min_(0).mul_(magnitude)
        blocks.append(functional.adaptive_avg_pool2d(share, grid))
    return torch.cat(blocks, dim=1)


def texture_share(structure: Tensor, *, least: float = 1.0) -> Tensor:
    """Return the share of blocks whose mean gradient exceeds `least` levels a pixel, (N,) in [0, 1]; NaN if none seen.

    `structure` as of `block_structure`. Source: ours.
    """
    energy = structure[..., 1]
    seen = ~energy.isnan()
    share = (energy > least).float().sum(dim=(1, 2)) / seen.sum(dim=(1, 2))
    return torch.where(seen.any(dim=2).any(dim=1), share, torch.nan)
