"""Sensor noise from the second differences that structure hardly has."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from tests.oracles.functional.masking import visible_inside, visible_mean

_BLOCK, _SMALL_BLOCK, _SMALL_SIDE = 16, 8, 300
_DARKEST, _BRIGHTEST = 0.02, 0.98


def noise_response(luma: Tensor) -> Tensor:
    """Return |I * [[1,-2,1],[-2,4,-2],[1,-2,1]]| in levels of 255, (N, 1, H-2, W-2)."""
    rows = luma[..., 2:, :] - 2 * luma[..., 1:-1, :] + luma[..., :-2, :]
    return (rows[..., 2:] - 2 * rows[..., 1:-1] + rows[..., :-2]).abs_().mul_(255)


def noise_sigma(response: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the standard deviation of white noise in levels of 255, (N,) >= 0; fine texture counts as noise too.

    Immerkær, "Fast noise variance estimation", CVIU 1996: sigma = √(π/2) / (6 (W-2)(H-2)) Σ|I * N|. `response` is
    `noise_response` of the picture at native size.
    """
    return visible_mean(response, _inner(visible))[:, 0] * (math.sqrt(math.pi / 2) / 6)


def noise_floor(response: Tensor, luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return Immerkær's sigma of the flattest 16x16 blocks (20th percentile), black and burnt-out ones aside.

    8x8 where the shorter side is under 300. In levels of 255, (N,) >= 0; NaN where fewer than 8 blocks are left.
    Texture does not count, since some part of most views is flat. Source: ours.
    """
    side = _SMALL_BLOCK if min(luma.shape[-2:]) < _SMALL_SIDE else _BLOCK
    if min(response.shape[-2:]) < side:
        return luma.new_full((len(luma),), torch.nan)
    blocks = functional.avg_pool2d(response, side)
    level = functional.avg_pool2d(luma[..., 1:-1, 1:-1], side)
    usable = (level > _DARKEST) & (level < _BRIGHTEST)
    inner = _inner(visible)
    if inner is not None:
        usable &= functional.max_pool2d((~inner).float(), side) == 0
    rows = []
    for picture, kept in zip(blocks, usable, strict=True):
        values = picture[kept]
        enough = values.numel() >= 8
        rows.append(values.quantile(0.2) if enough else values.new_tensor(torch.nan))
    return torch.stack(rows) * (math.sqrt(math.pi / 2) / 6)


def _inner(visible: Tensor | None) -> Tensor | None:
    inside = visible_inside(visible, 1)
    return None if inside is None else inside[..., 1:-1, 1:-1]
