"""SGDNet is the paper's: parameters, multiplications, variants, and losses worked by hand."""

import math

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from detectors.models.sgdnet.backbones import BACKBONES
from detectors.models.sgdnet.network import (
    ChannelAttention,
    Guidance,
    Prediction,
    SgdNet,
    SgdNetVariant,
    loss,
    prepare_input,
    saliency_loss,
)


def parameters(network: nn.Module) -> int:
    return sum(tensor.numel() for tensor in network.parameters())


@pytest.mark.parametrize(
    ("backbone", "millions", "gmacs"), [("resnet50", 26.29, 15.3), ("vgg16", 16.68, 60.2), ("mobilenet_v2", 4.59, 1.30)]
)
def test_the_full_model_has_the_papers_parameters_and_multiplications(
    backbone: str, millions: float, gmacs: float
) -> None:
    with torch.device("meta"):
        network = SgdNet(SgdNetVariant(backbone)).eval()
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, 3, 384, 512))
    assert parameters(network) / 1e6 == pytest.approx(millions, rel=0.01)
    assert counter.get_total_flops() / 2 / 1e9 == pytest.approx(gmacs, rel=0.03)


def test_vgg16_counts_as_kerass_summary_does() -> None:
    with torch.device("meta"):
        assert parameters(BACKBONES["vgg16"]()) == 14_714_688


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("guidance", list(Guidance))
def test_every_variant_answers_for_a_grid_of_a_32nd(guidance: Guidance, attention: bool) -> None:
    network = SgdNet(SgdNetVariant("mobilenet_v2", guidance, attention)).eval()
    given = torch.ones(2, 1, 3, 4) if guidance is Guidance.DIRECT else None
    with torch.inference_mode():
        prediction = network(torch.rand(2, 3, 96, 128), given)
    assert prediction.quality.shape == (2,)
    if guidance is Guidance.MULTI_TASK:
        assert prediction.saliency is not None
        assert prediction.saliency.shape == (2, 1, 3, 4)
        assert prediction.saliency.min() >= 0
    else:
        assert prediction.saliency is None


def test_direct_guidance_of_ones_is_the_baseline() -> None:
    torch.manual_seed(0)
    direct = SgdNet(SgdNetVariant("mobilenet_v2", Guidance.DIRECT, channel_attention=True)).eval()
    for module in direct.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    baseline = SgdNet(SgdNetVariant("mobilenet_v2", Guidance.NONE, channel_attention=True)).eval()
    baseline.load_state_dict(direct.state_dict())
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        expected = baseline(picture).quality.item()
        assert direct(picture, torch.ones(1, 1, 2, 2)).quality.item() == pytest.approx(expected)
        assert direct(picture, torch.zeros(1, 1, 2, 2)).quality.item() != pytest.approx(expected)


def test_a_map_is_refused_where_none_is_wanted_and_missed_where_one_is() -> None:
    with pytest.raises(ValueError, match="exactly where guidance is direct"):
        SgdNet(SgdNetVariant("mobilenet_v2", Guidance.NONE))(torch.rand(1, 3, 32, 32), torch.ones(1, 1, 1, 1))
    with pytest.raises(ValueError, match="exactly where guidance is direct"):
        SgdNet(SgdNetVariant("mobilenet_v2", Guidance.DIRECT))(torch.rand(1, 3, 32, 32))


def test_keras_backbones_take_bgr_less_the_means() -> None:
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    assert prepare_input(red, "vgg16").flatten().tolist() == pytest.approx([-103.939, -116.779, 255 - 123.68], rel=1e-5)


def test_saliency_loss_worked_by_hand() -> None:
    predicted = torch.tensor([[[[1.0, 3.0]]], [[[1.0, 0.0]]]])
    labels = torch.tensor([[[[2.0, 2.0]]], [[[0.0, 5.0]]]])
    assert saliency_loss(predicted, labels).item() == pytest.approx((0.25 + 1.0) / 2)
    assert saliency_loss(3 * labels, labels).item() == pytest.approx(0.0)
    assert saliency_loss(0 * labels, labels).item() == pytest.approx(0.5)


def test_the_whole_loss_adds_a_quarter_of_the_saliency_loss() -> None:
    prediction = Prediction(torch.tensor([1.0, 2.0]), torch.tensor([[[[1.0, 0.0]]], [[[1.0, 0.0]]]]))
    disjoint = torch.tensor([[[[0.0, 1.0]]], [[[0.0, 1.0]]]])
    labels = torch.tensor([1.5, 2.5])
    assert loss(prediction, labels, disjoint).item() == pytest.approx(0.5 + 0.25)
    assert loss(Prediction(prediction.quality, None), labels, None).item() == pytest.approx(0.5)


def test_channel_attention_worked_by_hand() -> None:
    attention = ChannelAttention()
    first, last = attention.excitation[0], attention.excitation[2]
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    assert (first.out_features, last.out_features) == (128, 512)
    for layer in (first, last):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    with torch.no_grad():
        first.weight[0, 0] = 2.0
        last.weight[1, 0] = 1.0
        last.bias[2] = -1.0
        maps = torch.zeros(1, 512, 1, 2)
        maps[0, 0] = torch.tensor([1.0, 2.0])
        maps[0, 1:3] = 1.0
        weighed = attention(maps)
    squeezed = 1.5
    assert weighed[0, 0, 0, 1].item() == pytest.approx(2.0 * 0.5)
    assert weighed[0, 1, 0, 0].item() == pytest.approx(1 / (1 + math.exp(-2.0 * squeezed)))
    assert weighed[0, 2, 0, 0].item() == pytest.approx(1 / (1 + math.exp(1.0)))


def test_saliency_is_read_before_channel_attention_and_weighs_what_comes_after() -> None:
    """Equation 9: f_m = SE(f_raw) times S_m, then global average pooling (Eq. 4)."""
    torch.manual_seed(1)
    network = SgdNet(SgdNetVariant("mobilenet_v2")).eval()
    assert network.saliency is not None
    raw = torch.rand(2, 512, 3, 4)
    with torch.inference_mode():
        saliency = network.saliency(raw)
        fused = network.channel_attention(raw) * saliency
        expected = network.quality(fused.sum(dim=(2, 3)) / 12).squeeze(1)
        assert saliency.shape == (2, 1, 3, 4)
        assert network.predict_quality(raw, None).quality.tolist() == pytest.approx(expected.tolist(), rel=1e-5)


def test_the_dense_layers_are_the_papers() -> None:
    with torch.device("meta"):
        layers = [layer for layer in SgdNet(SgdNetVariant("mobilenet_v2")).quality if not isinstance(layer, nn.ReLU)]
    assert [(layer.in_features, layer.out_features) for layer in layers if isinstance(layer, nn.Linear)] == [
        (512, 1024),
        (1024, 1024),
        (1024, 1),
    ]
    assert [layer.p for layer in layers if isinstance(layer, nn.Dropout)] == [0.5]
    assert [type(layer) for layer in layers] == [nn.Linear, nn.Dropout, nn.Linear, nn.Linear]
