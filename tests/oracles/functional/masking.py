"""Averages over what the operator left visible. A picture that is masked whole has no average: NaN."""

import torch
from torch import Tensor
from torch.nn import functional

from tests.oracles.functional.running_extremes import running_min


def visible_mean(values: Tensor, visible: Tensor | None) -> Tensor:
    """Return the mean of (N, C, H, W) over visible pixels as (N, C); `visible` is (N, 1, H, W) bool or None for all."""
    if visible is None:
        return values.mean(dim=(2, 3))
    kept = visible.to(values.dtype)
    count = kept.sum(dim=(2, 3))
    mean = torch.where(visible, values, 0).sum(dim=(2, 3)) / count
    return torch.where(count > 0, mean, torch.nan)


def visible_inside(visible: Tensor | None, margin: int) -> Tensor | None:
    """Return where a window reaching `margin` pixels to each side meets no masked pixel; same size."""
    if visible is None:
        return None
    return running_min(visible.float(), 2 * margin + 1) > 0


def visible_blocks(visible: Tensor | None, size: tuple[int, int]) -> Tensor | None:
    """Return (N, 1, *size) bool: which of the blocks of a grid over the picture meet no masked pixel."""
    if visible is None:
        return None
    return functional.adaptive_max_pool2d((~visible).float(), size) == 0
