"""The branches' backbones are torchvision's, layer by layer: names, shapes, values."""

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from detectors.models.saliency_iqa.backbones import BACKBONES, MobileNetV2, ResNet18
from detectors.models.saliency_iqa.network import SaliencyIqa

LAYERS = ("conv1", "bn1", "maxpool", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0", "layer4.0", "layer4.1")


def build_published(backbone: str) -> nn.Module:
    """Torchvision's network with weights and statistics that differ in every tensor."""
    torch.manual_seed(0)
    network: nn.Module = getattr(models, backbone)(weights=None)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and tensor.ndim == 1:
            tensor.uniform_(0.5, 1.5) if "var" in name or "weight" in name else tensor.uniform_(-0.2, 0.2)
    return network.eval()


def without_classifier(network: nn.Module) -> dict[str, Tensor]:
    return {
        name: tensor for name, tensor in network.state_dict().items() if not name.startswith(("fc.", "classifier."))
    }


@pytest.mark.parametrize("backbone", ["resnet18", "mobilenet_v2"])
def test_names_and_shapes_are_torchvisions(backbone: str) -> None:
    theirs, ours = without_classifier(build_published(backbone)), BACKBONES[backbone]().state_dict()
    assert {name: tensor.shape for name, tensor in ours.items()} == {
        name: tensor.shape for name, tensor in theirs.items()
    }


def test_resnet18_computes_torchvisions_maps_layer_by_layer() -> None:
    theirs, ours = build_published("resnet18"), ResNet18().eval()
    ours.load_state_dict(without_classifier(theirs))
    seen: dict[str, list[Tensor]] = {layer: [] for layer in LAYERS}
    for network in (theirs, ours):
        for layer in LAYERS:
            network.get_submodule(layer).register_forward_hook(
                lambda _module, _inputs, output, layer=layer: seen[layer].append(output.clone())
            )
    picture = torch.rand(2, 3, 96, 64)
    with torch.inference_mode():
        theirs(picture)
        ours(picture)
    for layer, (expected, found) in seen.items():
        assert torch.equal(expected, found), layer


def test_mobilenet_v2_computes_torchvisions_maps_block_by_block() -> None:
    theirs, ours = build_published("mobilenet_v2"), MobileNetV2().eval()
    ours.load_state_dict(without_classifier(theirs))
    expected = found = torch.rand(2, 3, 96, 64)
    blocks = zip(theirs.get_submodule("features").children(), ours.features, strict=True)
    with torch.inference_mode():
        for index, (their_block, our_block) in enumerate(blocks):
            expected, found = their_block(expected), our_block(found)
            assert torch.equal(expected, found), index


@pytest.mark.parametrize("local_weight", [0.0, 0.2, 1.0])
def test_the_local_weight_is_a_parameter_and_so_is_the_backbone(local_weight: float) -> None:
    network = SaliencyIqa("mobilenet_v2", local_weight).eval()
    whole, window = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        expected = local_weight * network.local_branch(window) + (1 - local_weight) * network.global_branch(whole)
        assert network(whole, window).item() == pytest.approx(expected.item(), rel=1e-6)
    assert isinstance(SaliencyIqa("resnet18").local_branch.backbone, ResNet18)
