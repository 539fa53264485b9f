"""Colour as a whole: how much there is, which way it leans, and whether everything leans to magenta."""

import torch
from torch import Tensor
from torch.nn import functional

from detectors.models.pictures import LUMA_WEIGHTS, downscale
from domain.frames import ColorMatrix
from tests.oracles.functional.masking import visible_blocks, visible_mean

_MAGENTA_SHARE = 0.25


def saturation(chroma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the mean of √(Cb² + Cr²), (N,) in [0, 0.71]; 0 in an infrared picture. `chroma` (N, 2, h, w)."""
    return visible_mean(chroma.square().sum(dim=1, keepdim=True).sqrt(), _fit_mask(chroma, visible))[:, 0]


def mean_chroma(chroma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the mean Cb and Cr, (N, 2) in [-0.5, 0.5]: the colour the picture has as a whole."""
    return visible_mean(chroma, _fit_mask(chroma, visible))


def magenta(luma: Tensor, chroma: Tensor, matrix: ColorMatrix, visible: Tensor | None = None) -> Tensor:
    """Return the magenta that at least three quarters of the picture have, (N,) in [-1, 1].

    The 25th percentile over blocks of ((R + B)/2 - G) / (Y + 0.1), blocks being the pixels of a picture of at most 64.
    A stuck infrared filter tints everything, leaves and asphalt alike; a magenta thing tints itself. Source: ours.
    """
    kr, kb = LUMA_WEIGHTS[matrix]
    small = downscale(chroma, longer_side=64)
    light = functional.interpolate(luma, size=small.shape[-2:], mode="area")
    red, blue = (2 - 2 * kr) * small[:, 1:], (2 - 2 * kb) * small[:, :1]
    green = -(kr * red + kb * blue) / (1 - kr - kb)
    tint = ((red + blue) / 2 - green) / (light + 0.1)
    kept = _fit_mask(tint, visible)
    if kept is not None:
        tint = torch.where(kept, tint, torch.nan)
    return tint.flatten(1).nanquantile(_MAGENTA_SHARE, dim=1).clamp(-1, 1)


def purple_share(luma: Tensor, chroma: Tensor, matrix: ColorMatrix, visible: Tensor | None = None) -> Tensor:
    """Return the share of blocks in which (min(R, B) - G) / (Y + 0.1) reaches 0.03, (N,) in [0, 1]. Source: ours."""
    kr, kb = LUMA_WEIGHTS[matrix]
    small = downscale(chroma, longer_side=64)
    light = functional.interpolate(luma, size=small.shape[-2:], mode="area")
    red, blue = (2 - 2 * kr) * small[:, 1:], (2 - 2 * kb) * small[:, :1]
    green = -(kr * red + kb * blue) / (1 - kr - kb)
    purple = ((torch.minimum(red, blue) - green) / (light + 0.1) >= 0.03).float()
    kept = _fit_mask(purple, visible)
    if kept is not None:
        purple = torch.where(kept, purple, torch.nan)
    return purple.flatten(1).nanmean(dim=1)


def _fit_mask(like: Tensor, visible: Tensor | None) -> Tensor | None:
    return visible_blocks(visible, (like.shape[-2], like.shape[-1]))
