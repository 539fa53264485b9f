"""Depthwise convolutions whose gradients are quick on a CPU in bfloat16: four to ten times (docs/training.md).

oneDNN has no quick way in bfloat16 for the gradients of a depthwise kernel of 5 x 5 or of stride 2; in float32 it has.
The gradient of the maps at stride 1 is quick in both.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d


def is_slow_to_train(convolution: nn.Conv2d) -> bool:
    """Whether the gradients of this convolution are better taken by `depthwise_convolution`."""
    alone = convolution.groups == convolution.in_channels == convolution.out_channels
    return alone and (convolution.kernel_size[0] > 3 or convolution.stride[0] > 1)


def depthwise_convolution(maps: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
    """(N, C, H, W) with weight (C, 1, K, K), K odd, padded by K // 2, to bfloat16 (N, C, H / stride, W / stride)."""
    half = torch.bfloat16
    with torch.autocast("cpu", enabled=False):
        filtered: Tensor = _Depthwise.apply(
            maps.to(half), weight.to(half), None if bias is None else bias.to(half), stride
        )
    return filtered


class _Depthwise(torch.autograd.Function):
    """Forward in bfloat16; of the gradients, in float32 what bfloat16 is slow at."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        """Convolve each channel of (N, C, H, W) with its kernel of (C, 1, k, k)."""
        ctx.save_for_backward(maps, weight)
        ctx.stride = stride
        return conv2d(maps, weight, bias, stride, weight.shape[-1] // 2, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        """Return the gradients of maps, weight and bias, shaped as they are."""
        (gradient,) = gradients
        maps, weight = ctx.saved_tensors
        of_maps, of_weight, of_bias, _ = ctx.needs_input_grad
        exact = gradient.float()
        by_maps = by_weight = None
        if of_weight:
            by_weight = _gradients(exact, maps.float(), weight.float(), ctx.stride, of_weight=True).to(weight.dtype)
        if of_maps and ctx.stride == 1:
            by_maps = _gradients(gradient, maps, weight, 1, of_weight=False)
        elif of_maps:
            by_maps = _gradients(exact, maps.float(), weight.float(), ctx.stride, of_weight=False).to(maps.dtype)
        return by_maps, by_weight, exact.sum(dim=(0, 2, 3)).to(weight.dtype) if of_bias else None, None


def _gradients(gradient: Tensor, maps: Tensor, weight: Tensor, stride: int, *, of_weight: bool) -> Tensor:
    padding = [weight.shape[-1] // 2] * 2
    wanted = [not of_weight, of_weight, False]
    groups = len(weight)
    by_maps, by_weight, _ = torch.ops.aten.convolution_backward(
        gradient, maps, weight, None, [stride] * 2, padding, [1, 1], False, [0, 0], groups, wanted
    )
    found: Tensor = by_weight if of_weight else by_maps
    return found
