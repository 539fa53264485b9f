"""The network is the paper's: parameters, multiplications, and each equation on numbers worked by hand."""

import math

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from detectors.models.face_quality.attention import MultiHeadAttention, SelfAttentionLayer
from detectors.models.face_quality.backbones import BACKBONES
from detectors.models.face_quality.network import (
    DIMENSIONS,
    FEATURES,
    LATENT,
    VIEWS,
    Assessor,
    AssessorVariant,
    FaceView,
    TaskDecoder,
    ViewEncoder,
    ViewFusion,
    loss,
    regress_overall,
)

PAPER = {
    "S": (AssessorVariant("edgenext_small"), 17.76, 3.75),
    "XS": (AssessorVariant("edgenext_x_small"), 8.26, 2.05),
    "XXS": (AssessorVariant("edgenext_xx_small"), 5.28, 1.39),
    "one view": (AssessorVariant(views=(FaceView.LOOSE,)), 6.91, 1.32),
    "two views": (AssessorVariant(views=(FaceView.LOOSE, FaceView.COMPACT)), 12.34, 2.54),
    "RepViT": (AssessorVariant("repvit_m1"), 16.10, 3.36),
    "EfficientFormerV2": (AssessorVariant("efficientformerv2_s1"), 19.05, 2.75),
    "loose and parts": (AssessorVariant(views=(FaceView.LOOSE, FaceView.PARTS)), 12.34, 2.54),
}
"""Million parameters and GMACs of Tables II, V and VI."""


@pytest.mark.parametrize("row", list(PAPER))
def test_parameters_and_multiplications_are_the_papers(row: str) -> None:
    variant, millions, gmacs = PAPER[row]
    network = Assessor(variant).eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, len(variant.views), 3, 224, 224))
    assert sum(tensor.numel() for tensor in network.parameters()) / 1e6 == pytest.approx(millions, rel=0.01)
    assert counter.get_total_flops() / 2 / 1e9 == pytest.approx(gmacs, rel=0.03)


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_every_backbone_gives_a_map_a_stage_down_to_stride_32(name: str) -> None:
    backbone = BACKBONES[name]
    with torch.inference_mode():
        maps = backbone.make().eval()(torch.zeros(1, 3, 224, 224))
    assert [tuple(found.shape[1:]) for found in maps] == [
        (channels, side, side)
        for channels, side in zip(backbone.channels, (112, 56, 28, 14, 7)[-len(backbone.channels) :], strict=True)
    ]


@pytest.mark.parametrize(
    "variant",
    [
        AssessorVariant("mobilenet_v2", (FaceView.PARTS,)),
        AssessorVariant("mobilenet_v2", view_fusion=False),
        AssessorVariant("mobilenet_v2", task_attention=False),
        AssessorVariant("mobilenet_v2", light=True),
        AssessorVariant("mobilenet_v2", (FaceView.COMPACT,), light=True),
    ],
)
def test_every_switch_of_the_ablation_gives_six_scores(variant: AssessorVariant) -> None:
    with torch.inference_mode():
        assert Assessor(variant).eval()(torch.rand(2, len(variant.views), 3, 224, 224)).shape == (2, 6)


@pytest.mark.parametrize("views", [(), (FaceView.LOOSE, FaceView.LOOSE)])
def test_a_variant_without_views_or_with_one_twice_is_refused(views: tuple[FaceView, ...]) -> None:
    with pytest.raises(ValueError, match="different views"):
        AssessorVariant(views=views)


def test_light_is_not_measured_in_the_parts_alone() -> None:
    with pytest.raises(ValueError, match="whole views"):
        AssessorVariant("mobilenet_v2", (FaceView.PARTS,), light=True)


def test_the_papers_regression_nearly_keeps_equal_scores() -> None:
    assert regress_overall(torch.full((1, 5), 4.0)).item() == pytest.approx(4.0 * 0.9992, abs=1e-5)


def test_the_number_of_scales_follows_the_backbone() -> None:
    assert len(BACKBONES["mobilenetv4_conv_medium"].channels) == 5
    with torch.device("meta"):
        variant = AssessorVariant("mobilenetv4_conv_medium", (FaceView.LOOSE,))
        encoder = Assessor(variant).encoders[FaceView.LOOSE]
        assert encoder(torch.zeros(1, 3, 224, 224)).shape == (1, 128, 112, 112)


def test_the_views_share_no_weights() -> None:
    encoders = Assessor(AssessorVariant("mobilenet_v2")).encoders
    sets = [set(encoder.parameters()) for encoder in encoders.values()]
    assert len(sets) == len(VIEWS)
    assert sum(map(len, sets)) == len(set.union(*sets))


def constant(layer: nn.Module, weight: float, bias: float) -> None:
    assert isinstance(layer, (nn.Conv2d, nn.Linear))
    nn.init.constant_(layer.weight, weight)
    assert layer.bias is not None
    nn.init.constant_(layer.bias, bias)


def identity(layer: nn.Linear) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.eye(*layer.weight.shape))
        layer.bias.zero_()


def test_scales_are_projected_grown_and_fused() -> None:
    """Eqs. 3 and 4: channels 24, 32, 96, 160 of ones, weight 0.01, bias 1, become 1.24, 1.32, 1.96, 2.6."""
    # In double precision: how float32 sums 512 terms depends on the processor.
    encoder = ViewEncoder("mobilenet_v2").double()
    for projection in encoder.projections:
        constant(projection, 0.01, 1.0)
    constant(encoder.fusion, 0.5 / FEATURES, 0.25)
    sizes = zip((24, 32, 96, 160), (8, 4, 2, 1), strict=True)
    fused = encoder.fuse_scales([torch.ones(1, width, side, side, dtype=torch.float64) for width, side in sizes])
    assert fused.shape == (1, FEATURES, 8, 8)
    assert fused.flatten().tolist() == pytest.approx([0.5 * (1.24 + 1.32 + 1.96 + 2.6) + 0.25] * FEATURES * 64)


def test_coarse_scales_grow_bilinearly_to_the_finest() -> None:
    encoder = ViewEncoder("mobilenet_v2")
    for projection in encoder.projections:
        constant(projection, 0.0, 0.0)
    coarse = encoder.projections[1]
    constant(coarse, 1 / 32, 0.0)
    constant(encoder.fusion, 1 / FEATURES, 0.0)
    ramp = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(1, 32, 1, 2)
    others = [torch.zeros(1, width, 1, 1) for width in (96, 160)]
    fused = encoder.fuse_scales([torch.zeros(1, 24, 1, 4), ramp, *others])
    assert fused[0, 0, 0].tolist() == pytest.approx([0.0, 0.25, 0.75, 1.0], abs=1e-6)


def test_attention_is_softmax_of_scaled_products() -> None:
    """Eq. 8 with identity projections, one head of width 4: rows (2, 0, 0, 0) and (0, 0, 0, 0), so QK^T/2 is 2 or 0."""
    attention = MultiHeadAttention(4, 1)
    for layer in (attention.queries, attention.keys, attention.values, attention.output):
        identity(layer)
    attended = attention(torch.tensor([[[2.0, 0, 0, 0], [0, 0, 0, 0]]]))[0]
    share = math.exp(2) / (math.exp(2) + 1)
    assert attended[0].tolist() == pytest.approx([2 * share, 0, 0, 0])
    assert attended[1].tolist() == pytest.approx([1.0, 0, 0, 0])


def test_heads_attend_separately() -> None:
    """Two heads of width 1: the first sees (4, 0), the second (0, 0) in both positions."""
    attention = MultiHeadAttention(2, 2)
    for layer in (attention.queries, attention.keys, attention.values, attention.output):
        identity(layer)
    attended = attention(torch.tensor([[[4.0, 1.0], [0.0, 3.0]]]))[0]
    first = 4 * math.exp(16) / (math.exp(16) + 1)
    second = (1 * math.exp(1) + 3 * math.exp(3)) / (math.exp(1) + math.exp(3))
    assert attended[0].tolist() == pytest.approx([first, second])
    assert attended[1, 0].item() == pytest.approx(2.0)


def test_attention_equals_pytorchs_own() -> None:
    torch.manual_seed(0)
    ours, theirs = MultiHeadAttention(16, 4), nn.MultiheadAttention(16, 4, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.queries.weight, ours.keys.weight, ours.values.weight]))
        theirs.out_proj.weight.copy_(ours.output.weight)
    queries, features = torch.rand(2, 6, 16), torch.rand(2, 9, 16)
    expected = theirs(queries, features, features, need_weights=False)[0]
    torch.testing.assert_close(ours(queries, ours.memory(features)), expected)


def test_view_fusion_weighs_each_views_channels_and_averages() -> None:
    """Eqs. 5 to 10: attention silenced but for its output bias b, so u_j = up(b) is the same for both views."""
    fusion = ViewFusion()
    constant(fusion.attention.output, 0.0, 0.5)
    constant(fusion.up, 2 / LATENT, 1.0)
    views = torch.stack([torch.full((1, FEATURES, 2, 2), 3.0), torch.full((1, FEATURES, 2, 2), 5.0)], dim=1)
    assert fusion(views).flatten().tolist() == pytest.approx([2.0 * (3 + 5) / 2] * FEATURES * 4)


def test_view_fusion_pools_projects_and_lets_views_ask_each_other() -> None:
    """Latent (m, 0, ...) per view with means m = 2 and 0; queries 0, so each view gets the mean of the values, 1."""
    fusion = ViewFusion()
    identity(fusion.down)
    constant(fusion.attention.queries, 0.0, 0.0)
    for layer in (fusion.attention.keys, fusion.attention.values, fusion.attention.output, fusion.up):
        identity(layer)
    first = torch.zeros(1, FEATURES, 2, 2)
    first[0, 0] = torch.tensor([[0.0, 4.0], [2.0, 2.0]])
    second = torch.zeros(1, FEATURES, 2, 2)
    second[0, 0] = torch.tensor([[6.0, -6.0], [0.0, 0.0]])
    fused = fusion(torch.stack([first, second], dim=1))
    assert fused[0, 0].tolist() == [[3.0, -1.0], [1.0, 1.0]]
    assert fused[0, 1:].abs().max().item() == 0.0


def test_self_attention_is_added_and_normalised_after() -> None:
    """With both sublayers silenced the layer is two layer norms: mean 0, deviation 1 over the channels."""
    layer = SelfAttentionLayer(2, 1)
    constant(layer.attention.output, 0.0, 0.0)
    constant(layer.feed_forward[2], 0.0, 0.0)
    assert layer(torch.tensor([[[1.0, 5.0]]]))[0, 0].tolist() == pytest.approx([-1.0, 1.0], abs=1e-4)


def test_the_decoder_looks_twice_with_the_same_weights() -> None:
    torch.manual_seed(0)
    decoder = TaskDecoder(task_attention=True).eval()
    features = torch.rand(1, FEATURES, 3, 3)
    memory = decoder.cross_attention.cross.memory(features.flatten(2).transpose(1, 2))
    tokens = decoder.tokens.unsqueeze(0)
    once = decoder.cross_attention(decoder.task_attention(tokens), memory)
    twice = decoder.cross_attention(decoder.task_attention(once), memory)
    torch.testing.assert_close(decoder(features), twice)
    assert not torch.allclose(once, twice, atol=1e-3)


def test_the_decoder_does_not_care_where_a_feature_lies() -> None:
    decoder = TaskDecoder(task_attention=True).eval()
    features = torch.rand(1, FEATURES, 4, 4)
    torch.testing.assert_close(decoder(features), decoder(features.flip(2, 3)), atol=1e-5, rtol=1e-4)


def test_the_loss_is_the_mean_square_over_the_dimensions_that_are_labelled() -> None:
    """Eq. 14: (1 + 4 + 9) / 3 with three of six labelled."""
    labels = torch.tensor([[1.0, 2.0, 3.0, float("nan"), float("nan"), float("nan")]])
    predicted = torch.tensor([[2.0, 4.0, 6.0, 9.0, 9.0, 9.0]])
    assert loss(predicted, labels).item() == pytest.approx(14 / 3)


def test_overall_follows_the_papers_regression() -> None:
    scores = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0, 0.0], [5.0, 5.0, 5.0, 5.0, 5.0, 0.0]])
    first = 0.0765 * 1 + 0.4134 * 2 + 0.0554 * 3 + 0.1463 * 4 + 0.3076 * 5
    assert regress_overall(scores).tolist() == pytest.approx([first, 4.996])


def test_the_dimensions_stand_in_the_order_of_the_regression() -> None:
    assert [str(name) for name in DIMENSIONS] == [
        *("noise", "sharpness", "colourfulness", "contrast", "fidelity"),
        "overall",
    ]


@pytest.mark.parametrize("finest", [0, 1])
def test_fusing_early_gives_the_same_scores(finest: int) -> None:
    torch.manual_seed(0)
    network = Assessor(AssessorVariant("mobilenet_v2", finest=finest)).eval()
    views = torch.rand(1, 3, 3, 224, 224)
    with torch.inference_mode():
        late = network(views)
        features = network.encoders["loose"](views[:, 0])
        network.fuse_early()
        torch.testing.assert_close(network(views), late, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(network.encoders["loose"](views[:, 0]), features, atol=1e-4, rtol=1e-4)
