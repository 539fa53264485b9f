"""DINet is its authors': layers, stride 8, and a map that depends on nothing but the picture."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from detectors.models.sgdnet.backbones import subtract_caffe_means
from detectors.models.sgdnet.dinet import DINet, DINetSaliency, load_dinet
from detectors.models.weights import WeightsUnavailable


@pytest.fixture(scope="module")
def network() -> DINet:
    torch.manual_seed(0)
    return DINet().eval()


def test_its_layers_are_the_published_ones(network: DINet) -> None:
    blocks = [part for part in network.blocks.modules() if isinstance(part, nn.Conv2d)]
    assert {(part.stride[0], part.dilation[0]) for part in blocks if part.kernel_size == (3, 3)} == {
        (1, 1),
        (1, 2),
        (1, 4),
    }
    after = [part for name in ("adaption", "branches", "decoder") for part in network.get_submodule(name).modules()]
    shapes = [
        (part.in_channels, part.out_channels, part.kernel_size[0], part.dilation[0])
        for part in after
        if isinstance(part, nn.Conv2d)
    ]
    assert shapes == [
        (2048, 256, 1, 1),
        *((256, 256, 3, dilation) for dilation in (4, 8, 16)),
        (256, 256, 3, 1),
        (256, 256, 3, 1),
        (256, 1, 3, 1),
    ]
    assert all(part.bias is None for part in network.modules() if isinstance(part, nn.Conv2d))
    backbone = 23_587_712 - sum(part.out_channels for part in blocks) - 64
    counted = sum(tensor.numel() for name, tensor in network.state_dict().items() if "num_batches" not in name)
    assert counted == backbone + 2048 * 256 + 5 * 9 * 256 * 256 + 9 * 256


def test_it_works_at_an_eighth_and_answers_at_the_pictures_size(network: DINet) -> None:
    seen: list[torch.Size] = []
    handle = network.adaption.register_forward_hook(lambda _module, _inputs, output: seen.append(output.shape))
    with torch.inference_mode():
        saliency = network(torch.rand(1, 3, 64, 96))
    handle.remove()
    assert seen == [torch.Size((1, 256, 8, 12))]
    assert saliency.shape == (1, 1, 64, 96)


def test_the_input_is_bgr_less_the_means() -> None:
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    assert subtract_caffe_means(red).flatten().tolist() == pytest.approx([-103.939, -116.779, 255 - 123.68], rel=1e-5)


def test_the_provider_takes_any_size_and_any_batch(network: DINet, tmp_path: Path) -> None:
    save_file(network.state_dict(), tmp_path / "dinet.safetensors")
    provider = load_dinet(tmp_path / "dinet.safetensors", size=(32, 48))
    pictures = torch.rand(2, 3, 50, 31)
    together = provider(pictures)
    assert torch.equal(together, DINetSaliency(network, size=(32, 48))(pictures))
    assert together.shape == (2, 1, 32, 48)
    assert torch.allclose(provider(pictures[:1]), together[:1], atol=1e-5)
    assert together.min() >= 0
    assert together.max() <= 1


def test_without_weights_it_is_off(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="none was given"):
        load_dinet(None)
    with pytest.raises(WeightsUnavailable, match="is absent"):
        load_dinet(tmp_path / "dinet.safetensors")
