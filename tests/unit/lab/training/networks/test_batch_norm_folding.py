"""Folding and unfolding batch norms keeps what the network computes."""

import pytest
import torch
from torch import nn

from detectors.models.saliency_iqa.backbones import BACKBONES
from detectors.models.saliency_iqa.network import Branch
from lab.training.networks.batch_norm_folding import ScaledConv2d, fold_batch_norms, unfold_state


def branch_with_norms(backbone: str) -> Branch:
    torch.manual_seed(0)
    branch = Branch(backbone).eval()
    for module in branch.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_var):
                assert tensor is not None
                tensor.uniform_(0.5, 1.5)
            for tensor in (module.bias.data, module.running_mean):
                assert tensor is not None
                tensor.uniform_(-0.2, 0.2)
    return branch


@pytest.mark.parametrize("backbone", sorted(BACKBONES))
def test_a_folded_network_computes_the_same_and_unfolds_to_the_same(backbone: str) -> None:
    branch = branch_with_norms(backbone)
    picture = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        expected = branch(picture).tolist()
    fold_batch_norms(branch)
    with torch.inference_mode():
        assert branch(picture).tolist() == pytest.approx(expected, rel=1e-3, abs=1e-5)
    plain = Branch(backbone).eval()
    plain.load_state_dict(unfold_state(branch.state_dict(), plain))
    with torch.inference_mode():
        assert plain(picture).tolist() == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_every_trained_weight_has_the_size_of_a_fresh_networks() -> None:
    branch = branch_with_norms("mobilenet_v2")
    fold_batch_norms(branch)
    convolutions = [module for module in branch.modules() if isinstance(module, ScaledConv2d)]
    assert len(convolutions) == 52
    for convolution in convolutions:
        fan_in = convolution.weight[0].numel()
        sizes = convolution.weight.square().mean(dim=(1, 2, 3)).sqrt() * fan_in**0.5
        assert sizes.tolist() == pytest.approx([1.0] * len(sizes), rel=1e-3)


def test_no_statistics_are_left_that_depend_on_the_batch() -> None:
    branch = branch_with_norms("mobilenet_v2")
    fold_batch_norms(branch)
    branch.backbone.train()
    branch.head.eval()
    pictures = torch.rand(3, 3, 64, 64)
    with torch.no_grad():
        together, alone = branch(pictures), branch(pictures[:1])
    assert together[0].item() == pytest.approx(alone.item(), rel=1e-4)
