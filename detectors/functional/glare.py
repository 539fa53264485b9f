"""A lamp or the sun in the lens: burnt-out discs, larger than lamps that are merely in view."""

import math

import torch
from torch import Tensor

from detectors.functional.exposure import CLIPPED
from detectors.functional.extremes import running_max, running_min
from detectors.functional.visible import visible_mean

_DISC_SHARE = 0.05
"""Width of the square that must fit into a burnt-out area, as a share of the picture's shorter side."""
_SPREAD, _COMPACT = 0.5, 0.8


def glare_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the share of the picture inside one compact burnt-out area, (N,) in [0, 1]; lower is better.

    A morphological opening of {luma >= 0.97} with a square of 5 % of the shorter side: windows, headlights and
    specular lines vanish, discs stay. What is left counts in full from a compactness of 0.8 on and not at all under
    0.5, compactness being area / (2π (Var x + Var y)): 1 for a disc, 0.96 for a square, 0.35 for a strip of sky.
    A white lorry is compact too, so the number speaks only against a reference and over time. Source: ours.
    """
    clipped = (luma >= CLIPPED).float()
    side = max(3, round(_DISC_SHARE * min(luma.shape[-2:])) | 1)
    opened = running_max(running_min(clipped, side), side)
    weight = ((_compactness(opened[:, 0]) - _SPREAD) / (_COMPACT - _SPREAD)).clamp(0, 1)
    return visible_mean(opened, visible)[:, 0] * weight


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
