"""The gradients taken the quick way are those of the convolution, to bfloat16's rounding."""

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d

from lab.training.networks.depthwise import depthwise_convolution, is_slow_to_train


@pytest.mark.parametrize(("kernel", "stride"), [(5, 1), (5, 2), (3, 2)])
def test_gradients_are_the_convolutions_own(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    maps = torch.randn(2, 8, 12, 12, requires_grad=True)
    weight, bias = torch.randn(8, 1, kernel, kernel, requires_grad=True), torch.randn(8, requires_grad=True)
    exact = conv2d(maps, weight, bias, stride, kernel // 2, groups=8)
    quick = depthwise_convolution(maps, weight, bias, stride)
    assert quick.shape == exact.shape
    wanted = torch.randn(exact.shape)
    expected = torch.autograd.grad((exact * wanted).sum(), (maps, weight, bias))
    found = torch.autograd.grad((quick.float() * wanted).sum(), (maps, weight, bias))
    for left, right in zip(found, expected, strict=True):
        assert (left - right).norm() < 0.01 * right.norm()


def test_only_depthwise_kernels_that_bfloat16_is_slow_at_take_the_quick_way() -> None:
    slow = [nn.Conv2d(8, 8, 5, 1, 2, groups=8), nn.Conv2d(8, 8, 3, 2, 1, groups=8)]
    quick = [nn.Conv2d(8, 8, 3, 1, 1, groups=8), nn.Conv2d(8, 8, 3, 2, 1), nn.Conv2d(8, 16, 5, 1, 2, groups=8)]
    assert [is_slow_to_train(convolution) for convolution in slow] == [True, True]
    assert [is_slow_to_train(convolution) for convolution in quick] == [False, False, False]
