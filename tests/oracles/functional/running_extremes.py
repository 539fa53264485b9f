"""Running maxima and minima, several times faster than pooling on a CPU: each pass doubles the window."""

import torch
from torch import Tensor
from torch.nn import functional


def running_max(values: Tensor, side: int) -> Tensor:
    """Return the maximum over a centred `side` x `side` square (odd), same shape (N, C, H, W); borders repeat."""
    return _along(_along(values, side, 3), side, 2)


def running_min(values: Tensor, side: int) -> Tensor:
    """Return the minimum over a centred `side` x `side` square (odd), same shape (N, C, H, W); borders repeat."""
    return -running_max(-values, side)


def _along(values: Tensor, side: int, axis: int) -> Tensor:
    reach = side // 2
    padding = (reach, reach, 0, 0) if axis == 3 else (0, 0, reach, reach)
    window, wide = 1, functional.pad(values, padding, mode="replicate")
    while window < side:
        step = min(window, side - window)
        length = wide.shape[axis] - step
        wide = torch.maximum(wide.narrow(axis, 0, length), wide.narrow(axis, step, length))
        window += step
    return wide
