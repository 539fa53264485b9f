"""How far the picture reaches from dark to bright, as a whole and after the veil that fog lays over all of it."""

import torch
from torch import Tensor
from torch.nn import functional

from detectors.models.pictures import downscale
from tests.oracles.functional.exposure import luma_percentiles
from tests.oracles.functional.masking import visible_blocks, visible_mean
from tests.oracles.functional.running_extremes import running_min

_PATCH = 15


def contrast_rms(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return RMS contrast, the standard deviation of luma (N, 1, H, W) in [0, 1], as (N,) in [0, 0.5].

    Source: Peli, "Contrast in complex images", JOSA A 1990; the seed papers' std(Y)/255.
    """
    mean = visible_mean(luma, visible)[:, :, None, None]
    return visible_mean((luma - mean).square(), visible)[:, 0].sqrt()


def haze(rgb: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return how bright even the darkest things are, (N,) in [0, 1]; rises with fog, film and stray light.

    The dark channel (He, Sun, Tang, "Single image haze removal using dark channel prior", 2009), min over the colours
    and over 15x15 pixels of a picture of at most 320, of which the 20th percentile over the picture is taken (ours):
    sky and lamps have no dark channel in clear air either, and seldom fill more than half of a view.
    """
    small = downscale(rgb, longer_side=320)
    darkest = running_min(small.amin(dim=1, keepdim=True), _PATCH)
    seen = visible_blocks(visible, (small.shape[-2], small.shape[-1]))
    return luma_percentiles(darkest, (0.2,), seen)[:, 0]


def local_contrast(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the median over 16x16 blocks of the standard deviation within, in levels of 255, (N,); higher is clearer.

    Sees fog that leaves a gradient from sky to ground and takes what stands before it. Source: ours.
    """
    if min(luma.shape[-2:]) < 32:
        return luma.new_full((len(luma),), torch.nan)
    grid = (luma.shape[-2] // 16, luma.shape[-1] // 16)
    mean = functional.adaptive_avg_pool2d(luma, grid)
    square = functional.adaptive_avg_pool2d(luma.square(), grid)
    deviation = (square - mean.square()).clamp_min(0).sqrt() * 255
    kept = visible_blocks(visible, grid)
    if kept is not None:
        deviation = torch.where(kept, deviation, torch.nan)
    return deviation.flatten(1).nanmedian(dim=1).values
