"""How light falls on the picture: mean, percentiles, and the shares that are black or burnt out."""

import torch
from torch import Tensor

from detectors.functional.visible import visible_mean

BLACK = 0.10
"""Luma under which a pixel is black: 16 + 0.10·219 in limited range, as FFmpeg's blackdetect (`pixel_black_th`)."""
CLIPPED = 0.97
"""Luma from which a pixel is burnt out; re-coding moves white by a level or two."""
_BINS = 1024


def luma_mean(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the mean of luma (N, 1, H, W) as (N,) in [0, 1]; higher is brighter."""
    return visible_mean(luma, visible)[:, 0]


def black_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the share of pixels under `BLACK` as (N,) in [0, 1]. Source: FFmpeg vf_blackdetect."""
    return visible_mean((luma < BLACK).float(), visible)[:, 0]


def clipped_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the share of pixels from `CLIPPED` on as (N,) in [0, 1]. Source: ours."""
    return visible_mean((luma >= CLIPPED).float(), visible)[:, 0]


def luma_percentiles(luma: Tensor, quantiles: tuple[float, ...], visible: Tensor | None = None) -> Tensor:
    """Return (N, len(quantiles)) percentiles of luma in [0, 1], exact to one of 1,024 bins."""
    marks = torch.tensor(quantiles, device=luma.device)
    rows = []
    for index, picture in enumerate(luma):
        values = picture if visible is None else picture[visible[index]]
        if values.numel() == 0:
            rows.append(torch.full_like(marks, torch.nan))
            continue
        histogram = torch.histc(values, bins=_BINS, min=0.0, max=1.0)
        risen = torch.cumsum(histogram, 0) / histogram.sum()
        rows.append((torch.searchsorted(risen, marks).clamp(max=_BINS - 1).float() + 0.5) / _BINS)
    return torch.stack(rows)
