"""PNASNet as an encoder: the published network's size and cost, and the cell worked by hand."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from detectors.models.saliency.pnasnet import COMBINATIONS, Cell, FactorizedReduction, PNASNet

PUBLISHED_WITH_CLASSIFIER = 86_057_668
CLASSIFIER = 4320 * 1000 + 1000


def test_parameters_and_multiplications_are_the_published_networks() -> None:
    with torch.device("meta"):
        network = PNASNet().eval()
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            maps = network(torch.zeros(1, 3, 256, 256))
    assert sum(tensor.numel() for tensor in network.parameters()) == PUBLISHED_WITH_CLASSIFIER - CLASSIFIER
    assert counter.get_total_flops() / 2 / 1e9 == pytest.approx(14.1, rel=0.01)
    assert [tuple(level.shape) for level in maps] == [
        (1, channels, 256 // stride, 256 // stride)
        for channels, stride in zip(PNASNet.channels, (2, 4, 8, 16, 32), strict=True)
    ]


def test_the_reduction_takes_every_other_pixel_twice_the_second_time_shifted_diagonally() -> None:
    reduction = FactorizedReduction(1, 2).eval()
    torch.nn.init.ones_(reduction.conv_1.weight)
    torch.nn.init.ones_(reduction.conv_2.weight)
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    with torch.no_grad():
        halves = reduction(maps) * (1 + 1e-3) ** 0.5
    assert halves[0, 0].flatten().tolist() == pytest.approx([0, 2, 8, 10])
    assert halves[0, 1].flatten().tolist() == pytest.approx([5, 7, 13, 15])


def test_a_cell_adds_what_its_table_pairs() -> None:
    torch.manual_seed(0)
    cell = Cell(6, 10, 4, reduces=False, earlier_reduction=False).eval()
    before, last = torch.rand(1, 6, 8, 8), torch.rand(1, 10, 8, 8)
    with torch.no_grad():
        states = [cell.preprocess0(before), cell.preprocess1(last)]
        pooled = torch.nn.functional.max_pool2d(states[1], 3, 1, 1)
        answer = cell(before, last)
        second_sum = cell.get_submodule("_ops.2")(states[1]) + pooled
        last_sum = cell.get_submodule("_ops.8")(states[0]) + states[1]
    assert answer.shape == (1, 4 * len(COMBINATIONS), 8, 8)
    assert torch.allclose(answer[:, 4:8], second_sum)
    assert torch.allclose(answer[:, 16:], last_sum)
