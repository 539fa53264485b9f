"""Specks of a lost analogue signal: pixels that stand out from the lines above and below."""

import torch
from torch import Tensor

from detectors.functional.visible import visible_inside, visible_mean

_STANDS_OUT = 0.15


def snow_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the share of pixels brighter or darker than both vertical neighbours by 0.15, (N,) in [0, 1].

    An analogue tuner's specks are dashes of one line's height. Thin horizontal lines and strong sensor noise count
    too, which is why the fault is judged on analogue encoders only. Source: ours.
    """
    above = luma[..., 1:-1, :] - luma[..., :-2, :]
    below = luma[..., 1:-1, :] - luma[..., 2:, :]
    low, high = torch.minimum(above, below), torch.maximum(above, below)
    inside = visible_inside(visible, 1)
    return visible_mean(
        ((low > _STANDS_OUT) | (high < -_STANDS_OUT)).float(), None if inside is None else inside[..., 1:-1, :]
    )[:, 0]
