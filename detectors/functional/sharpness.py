"""How much fine detail a second blur takes away: much from a sharp picture, little from one already blurred."""

import torch
from torch import Tensor
from torch.nn import functional

from detectors.functional.visible import visible_inside

_WINDOW = 11


def sharpness(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return 1 - perceptual blur, (N,) in [0, 1]; higher is sharper; NaN where the picture has no gradient at all.

    Crete, Dolmiere, Ladret, Nicolas, "The blur effect" (SPIE 2007) with scikit-image's choices (window 11, Sobel,
    the worse of both axes): B = Σ min(s, b) / Σ s, with s and b the gradient magnitudes before and after an
    11-pixel mean along the axis.
    """
    if min(luma.shape[-2:]) < 2 * _WINDOW:
        return luma.new_full((len(luma),), torch.nan)
    inside = visible_inside(visible, _WINDOW // 2 + 1)
    across = _blur(luma, inside)
    down = _blur(luma.transpose(2, 3), None if inside is None else inside.transpose(2, 3))
    return 1 - torch.maximum(across, down)


def _blur(luma: Tensor, inside: Tensor | None) -> Tensor:
    """Return B along the columns' axis (width)."""
    reach = _WINDOW // 2
    padded = functional.pad(luma, (reach, reach, 0, 0), mode="reflect")
    blurred = functional.avg_pool2d(padded, (1, _WINDOW), stride=1)
    sharp, soft = _gradient(luma), _gradient(blurred)
    kept = torch.minimum(sharp, soft)
    if inside is not None:
        weight = inside[..., 1:-1, 1:-1]
        sharp, kept = sharp * weight, kept * weight
    total = sharp.sum(dim=(1, 2, 3))
    return torch.where(total > 1e-3, kept.sum(dim=(1, 2, 3)) / total, torch.nan)


def _gradient(luma: Tensor) -> Tensor:
    """Return the Sobel magnitude along the width without the one-pixel border, (N, 1, H-2, W-2)."""
    slope = luma[..., 2:] - luma[..., :-2]
    return (slope[..., :-2, :] + 2 * slope[..., 1:-1, :] + slope[..., 2:, :]).abs() / 4
