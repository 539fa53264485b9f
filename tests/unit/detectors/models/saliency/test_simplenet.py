"""SimpleNet: costs, the authors' weights under our names, the squash and the smoothing, and off without weights."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from detectors.models.saliency.providers import PROVIDERS, choose_saliency
from detectors.models.saliency.simplenet import ENCODERS, SimpleNet, SimpleNetSaliency, rename_tensors, smooth_map
from detectors.models.weights import WeightsUnavailable
from domain.errors import ConfigError

COSTS = {
    "mobilenet_v2": (2.224, 0.391, 3.413, 0.755),
    "resnet50": (23.508, 5.338, 54.587, 16.248),
    "pnasnet": (81.737, 14.124, 111.884, 35.573),
}
"""Millions of parameters and GMACs at 256 x 256, of the encoder and of the whole (docs/models/saliency.md)."""


def decoder_gmacs(levels: list[tuple[int, int, int]]) -> float:
    """3 x 3 convolutions of (inputs, outputs, side)."""
    return sum(9 * inputs * outputs * side**2 for inputs, outputs, side in levels) / 1e9


def gmacs(network: nn.Module) -> float:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, 256, 256, device="meta"))
    return float(counter.get_total_flops() / 2 / 1e9)


@pytest.mark.parametrize("encoder", sorted(ENCODERS))
def test_what_each_encoder_and_the_whole_cost(encoder: str) -> None:
    with torch.device("meta"):
        network = SimpleNet(encoder).eval()
    measured = [
        figure
        for part in (network.encoder, network)
        for figure in (sum(tensor.numel() for tensor in part.parameters()) / 1e6, gmacs(part))
    ]
    assert measured == pytest.approx(COSTS[encoder], rel=0.001)


def test_the_decoder_of_mobilenet_v2_costs_what_its_layers_sum_to() -> None:
    levels = [(1280, 96, 8), (192, 32, 16), (64, 24, 32), (48, 16, 64), (32, 16, 128), (16, 16, 256), (16, 1, 256)]
    _, encoder, _, whole = COSTS["mobilenet_v2"]
    assert whole - encoder == pytest.approx(decoder_gmacs(levels), abs=0.001)


@pytest.fixture(scope="module")
def network() -> SimpleNet:
    """Untrained, but its map depends on the picture."""
    torch.manual_seed(0)
    untrained = SimpleNet("mobilenet_v2").eval()
    for module in untrained.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return untrained


def as_published(network: SimpleNet) -> dict[str, Tensor]:
    """The state dict as the authors' code saves it: the encoder twice, the second time in cuts."""
    published = {}
    for name, tensor in network.state_dict().items():
        published[f"module.{name.replace('encoder.features.', 'mobilenet.')}"] = tensor.clone()
        if name.startswith("encoder.features.0."):
            published[f"module.conv_layer1.{name.removeprefix('encoder.features.')}"] = tensor.clone()
    return published


@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_the_authors_weights_fit_whatever_file_holds_them(tmp_path: Path, network: SimpleNet, kind: str) -> None:
    path = tmp_path / f"salicon_mobilenet.{kind}"
    if kind == "pt":
        torch.save(as_published(network), path)
    else:
        save_file(as_published(network), path)
    chosen = choose_saliency("simplenet_mobilenet_v2", path)
    picture = torch.rand(1, 3, 90, 160)
    assert torch.equal(chosen.provider(picture), SimpleNetSaliency(network)(picture))
    assert chosen.fingerprint.startswith("simplenet_mobilenet_v2@")


def test_every_encoders_published_names_become_ours() -> None:
    names = rename_tensors(
        {name: torch.zeros(1) for name in ("module.pnas.stem1.x", "resnet.conv1.x", "resnet.fc.x", "pnas.classifier.x")}
    )
    assert set(names) == {"encoder.stem1.x", "encoder.conv1.x"}


def test_without_weights_or_with_others_it_is_off(tmp_path: Path, network: SimpleNet) -> None:
    with pytest.raises(WeightsUnavailable, match="give the path"):
        choose_saliency("simplenet_pnasnet")
    with pytest.raises(WeightsUnavailable, match="no saliency weights at"):
        choose_saliency("simplenet_pnasnet", tmp_path / "absent.pt")
    (tmp_path / "text.pt").write_text("not weights")
    with pytest.raises(WeightsUnavailable, match="not a checkpoint of tensors"):
        choose_saliency("simplenet_mobilenet_v2", tmp_path / "text.pt")
    torch.save({"epoch": 3}, tmp_path / "other.pt")
    with pytest.raises(WeightsUnavailable, match="more than named tensors"):
        choose_saliency("simplenet_mobilenet_v2", tmp_path / "other.pt")
    torch.save({"encoder.x": torch.zeros(1)}, tmp_path / "small.pt")
    with pytest.raises(WeightsUnavailable, match="another network"):
        choose_saliency("simplenet_mobilenet_v2", tmp_path / "small.pt")


def test_the_choice_names_what_it_knows(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="known are spectral_residual, centred_spectral_residual, simplenet_mobil"):
        choose_saliency("guess")
    needing_none = {"spectral_residual", "centred_spectral_residual"}
    for name in needing_none:
        with pytest.raises(ConfigError, match=f"{name} needs no weights"):
            choose_saliency(name, tmp_path / "weights.pt")
    assert set(PROVIDERS) == needing_none | {f"simplenet_{encoder}" for encoder in ENCODERS}


def test_a_map_is_the_same_alone_and_in_a_batch_for_any_size(network: SimpleNet) -> None:
    provider = SimpleNetSaliency(network)
    pictures = torch.rand(3, 3, 40, 300)
    together = provider(pictures)
    assert together.shape == (3, 1, 256, 256)
    assert together.min() >= 0
    assert together.max() <= 1
    assert not torch.allclose(together[0], together[1])
    assert torch.allclose(provider(pictures[1:2])[0], together[1], atol=1e-5)


def test_smoothing_is_opencvs_11_by_11_gaussian() -> None:
    maps = np.random.default_rng(0).random((32, 48)).astype(np.float32)
    expected = cv2.GaussianBlur(maps, (11, 11), 0)
    assert np.abs(smooth_map(torch.from_numpy(maps)[None, None])[0, 0].numpy() - expected).max() < 1e-6
