"""How light falls on the picture: mean, percentiles, and the shares that are black or burnt out."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from tests.oracles.functional.masking import visible_mean
from tests.oracles.functional.running_extremes import running_max, running_min

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


_DISC_SHARE = 0.05
"""Width of the square that must fit into a burnt-out area, as a share of the picture's shorter side."""
_SPREAD, _COMPACT = 0.5, 0.8


def glare_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the share of the picture inside one compact burnt-out area, (N,) in [0, 1]; lower is better.

    A morphological opening of {luma >= 0.97} with a square of 5 % of the shorter side: windows, headlights and
    specular lines vanish, discs stay. Of the three largest areas left, the one that counts most is taken: in full from
    a compactness of 0.8 on and not at all under 0.5, compactness being area / (2π (Var x + Var y)): 1 for a disc, 0.96
    for a square, 0.35 for a strip of sky. A white lorry is compact too, so the number speaks only against a baseline
    and over time. Source: ours.
    """
    clipped = (luma >= CLIPPED).float()
    side = max(3, round(_DISC_SHARE * min(luma.shape[-2:])) | 1)
    opened = running_max(running_min(clipped, side), side)
    return torch.stack(
        [
            _greatest_area(each[0], None if visible is None else visible[index : index + 1])
            for index, each in enumerate(opened)
        ]
    )


def _greatest_area(opened: Tensor, visible: Tensor | None) -> Tensor:
    """Return how much the one of the three largest connected areas of (H, W) counts that counts most."""
    names = _name_areas(opened)
    sizes = torch.bincount(names.flatten().long())
    sizes[0] = 0
    found = [visible_mean(torch.zeros_like(opened)[None, None], visible)[0, 0]]
    for name in torch.argsort(sizes, descending=True)[:3].tolist():
        if sizes[name]:
            area = (names == name).float()[None]
            weight = ((_compactness(area) - _SPREAD) / (_COMPACT - _SPREAD)).clamp(0, 1)
            found.append((visible_mean(area[None], visible)[:, 0] * weight)[0])
    return torch.stack(found).max()


def _name_areas(mask: Tensor) -> Tensor:
    """Return (H, W) with one number for each area of 8 neighbours, 0 outside: the greatest name spreads to all."""
    names = mask * torch.arange(1, mask.numel() + 1, dtype=torch.float64).reshape(mask.shape)
    while True:
        spread = functional.max_pool2d(names[None, None], 3, stride=1, padding=1)[0, 0] * mask
        if torch.equal(spread, names):
            return names
        names = spread


def _compactness(mask: Tensor) -> Tensor:
    """Return area / (2π (Var x + Var y)) of each (N, H, W) mask of zeros and ones; 0 where it is empty."""
    area = mask.sum(dim=(1, 2)).clamp_min(1)
    spread = torch.zeros_like(area)
    for axis in (1, 2):
        profile = mask.sum(dim=axis)
        places = torch.arange(profile.shape[1], dtype=mask.dtype, device=mask.device)
        mean = (profile * places).sum(dim=1) / area
        spread += (profile * (places - mean[:, None]).square()).sum(dim=1) / area
    return torch.where(spread > 0, area / (2 * math.pi * spread), 0.0)
