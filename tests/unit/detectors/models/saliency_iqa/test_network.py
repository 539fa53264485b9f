"""The networks are the papers': parameters, multiplications, and the weighted sum."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from detectors.models.saliency_iqa.backbones import BACKBONES, normed_convolutions
from detectors.models.saliency_iqa.network import SaliencyIqa, normalise_imagenet


def parameters(network: nn.Module) -> int:
    return sum(tensor.numel() for tensor in network.parameters())


@pytest.mark.parametrize(
    ("backbone", "whole_with_classifier", "classifier"),
    [("resnet18", 11_689_512, 513_000), ("mobilenet_v2", 3_504_872, 1_281_000)],
)
def test_a_backbone_has_exactly_the_published_parameters(
    backbone: str, whole_with_classifier: int, classifier: int
) -> None:
    assert parameters(BACKBONES[backbone]()) == whole_with_classifier - classifier


@pytest.mark.parametrize(("backbone", "millions", "gmacs"), [("resnet18", 22.48, 9.07), ("mobilenet_v2", 4.78, 1.50)])
def test_both_branches_have_the_papers_parameters_and_multiplications(
    backbone: str, millions: float, gmacs: float
) -> None:
    network = SaliencyIqa(backbone).eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, 448, 448), torch.zeros(1, 3, 224, 224))
    assert parameters(network) / 1e6 == pytest.approx(millions, rel=0.01)
    assert counter.get_total_flops() / 2 / 1e9 == pytest.approx(gmacs, rel=0.03)


@pytest.mark.parametrize("backbone", sorted(BACKBONES))
def test_a_backbone_reduces_by_32(backbone: str) -> None:
    network = BACKBONES[backbone]().eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 96)).shape == (1, network.channels, 2, 3)


def test_every_convolution_has_its_own_norm() -> None:
    for backbone in BACKBONES.values():
        pairs = list(normed_convolutions(backbone()))
        assert pairs
        for name, convolution, norm_name, norm in pairs:
            assert convolution.out_channels == norm.num_features, (name, norm_name)


def test_quality_is_the_weighted_sum_of_the_branches() -> None:
    network = SaliencyIqa("mobilenet_v2", local_weight=0.2).eval()
    for branch, constant in ((network.global_branch, 3.0), (network.local_branch, 8.0)):
        last = branch.head[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.constant_(last.bias, constant)
    with torch.inference_mode():
        quality = network(torch.rand(2, 3, 64, 64), torch.rand(2, 3, 32, 32))
    assert quality.tolist() == pytest.approx([0.2 * 8 + 0.8 * 3] * 2)


def test_the_branches_share_no_weights() -> None:
    network = SaliencyIqa("mobilenet_v2")
    first, second = set(network.global_branch.parameters()), set(network.local_branch.parameters())
    assert first
    assert not first & second


def test_input_is_normalised_as_imagenet_networks_expect() -> None:
    grey = normalise_imagenet(torch.full((1, 3, 1, 1), 0.5)).flatten()
    expected = [(0.5 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.5 - 0.406) / 0.225]
    assert grey.tolist() == pytest.approx(expected, rel=1e-5)
