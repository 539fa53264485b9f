"""SGDNet as a detector: any picture, the same in any batch, weights that say what they are, off without."""

import copy
import functools
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from detectors.models.pictures import Pictures
from detectors.models.sgdnet.detector import (
    SgdNetDetector,
    from_weights,
    load_sgdnet,
    make_notes,
    parse_notes,
    squash_picture,
)
from detectors.models.sgdnet.network import Guidance, SgdNet, SgdNetVariant
from detectors.models.sgdnet.teachers import make_teacher
from detectors.models.weights import WeightsFile, WeightsOrigin, WeightsUnavailable

BATCH_TOLERANCE = {torch.float32: 1e-2, torch.bfloat16: 1.0}
"""Points of 100: convolutions sum in another order in another batch."""
FULL = SgdNetVariant("mobilenet_v2")


def network(variant: SgdNetVariant = FULL) -> SgdNet:
    """Untrained, but its answers depend on the picture and stay within bounds."""
    return copy.deepcopy(prepare(variant))


@functools.cache
def prepare(variant: SgdNetVariant) -> SgdNet:
    torch.manual_seed(0)
    untrained = SgdNet(variant).eval()
    for module in untrained.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_in")
            module.weight.data.abs_() if module.out_channels == 1 else None
    last = untrained.quality[-1]
    assert isinstance(last, nn.Linear)
    given = torch.full((3, 1, 12, 16), 0.5) if variant.guidance is Guidance.DIRECT else None
    with torch.no_grad():
        seen = squash_picture(pictures(3, 96, 128).rgb)
        last.weight *= 0.5 / untrained(seen, given).quality.std()
        last.bias.zero_()
        last.bias.add_(3.0 - untrained(seen, given).quality.mean())
    return untrained


def pictures(count: int, height: int = 120, width: int = 160) -> Pictures:
    rgb = torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(count))
    strength = torch.linspace(0.1, 0.9, count).view(-1, 1, 1, 1)
    return Pictures.from_rgb(rgb * strength)


def export(folder: Path, variant: SgdNetVariant, **notes: str) -> WeightsFile:
    path = folder / "trained.safetensors"
    save_file(network(variant).state_dict(), path, metadata=make_notes(variant, "spectral_residual") | notes)
    return WeightsFile("sgdnet", path, "0" * 64, WeightsOrigin.EXPLICIT, (path,))


@pytest.mark.parametrize("precision", list(BATCH_TOLERANCE))
def test_a_picture_scores_the_same_alone_and_in_any_batch_and_order(precision: torch.dtype) -> None:
    detector = SgdNetDetector(network(), "", precision=precision)
    batch = pictures(3)
    together = detector.score(batch)["sgdnet_quality"]
    assert len(set(together.tolist())) == 3
    for index in range(3):
        one = Pictures.from_rgb(batch.rgb[index : index + 1])
        alone = detector.score(one)["sgdnet_quality"].item()
        assert alone == pytest.approx(together[index].item(), abs=BATCH_TOLERANCE[precision])
    reverse = detector.score(Pictures.from_rgb(batch.rgb.flip(0)))["sgdnet_quality"]
    assert reverse.flip(0).tolist() == pytest.approx(together.tolist(), abs=BATCH_TOLERANCE[precision])


def test_fused_norms_and_five_points_give_the_networks_answer_in_hundredths() -> None:
    own, batch = network(), pictures(2)
    with torch.inference_mode():
        opinion = own(squash_picture(batch.rgb)).quality
    scores = SgdNetDetector(own, "").score(batch)["sgdnet_quality"]
    assert scores.tolist() == pytest.approx((100 * (opinion - 1) / 4).tolist(), abs=0.01)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (70, 1000), (1000, 64)])
def test_any_shape_from_64_pixels_gets_a_score_within_bounds(height: int, width: int) -> None:
    score = SgdNetDetector(network(), "").score(pictures(1, height, width))["sgdnet_quality"]
    assert 0 <= score.item() <= 100


def test_a_picture_under_64_pixels_is_not_assessable() -> None:
    assert SgdNetDetector(network(), "").score(pictures(2, 63, 640))["sgdnet_quality"].isnan().all()


@pytest.mark.parametrize(
    "variant",
    [FULL, SgdNetVariant("mobilenet_v2", Guidance.NONE, False), SgdNetVariant("mobilenet_v2", Guidance.DIRECT, True)],
)
def test_a_weights_file_says_which_variant_it_is(tmp_path: Path, variant: SgdNetVariant) -> None:
    loaded = from_weights(export(tmp_path, variant))
    assert loaded.fingerprint == "sgdnet@000000000000"
    guide = make_teacher("spectral_residual") if variant.guidance is Guidance.DIRECT else None
    own = SgdNetDetector(network(variant), "", guide=guide)
    batch = pictures(1)
    assert loaded.score(batch)["sgdnet_quality"].item() == pytest.approx(
        own.score(batch)["sgdnet_quality"].item(), abs=1e-3
    )


@pytest.mark.parametrize("backbone", ["resnet50", "vgg16"])
def test_every_backbone_becomes_a_detector_that_scores(backbone: str) -> None:
    found = SgdNetDetector(SgdNet(SgdNetVariant(backbone)), "").score(pictures(1))["sgdnet_quality"]
    assert found.shape == (1,)
    assert 0 <= found.item() <= 100


def test_a_guide_is_given_exactly_where_guidance_is_direct() -> None:
    with pytest.raises(ValueError, match="exactly where guidance is direct"):
        SgdNetDetector(SgdNet(SgdNetVariant("mobilenet_v2", Guidance.DIRECT)), "")
    with pytest.raises(ValueError, match="exactly where guidance is direct"):
        SgdNetDetector(SgdNet(FULL), "", guide=make_teacher("spectral_residual"))


@pytest.mark.parametrize(
    "notes",
    [
        {"backbone": "alexnet"},
        {"guidance": "some"},
        {"channel_attention": "maybe"},
        {"backbone": "vgg16"},
        {"height": "16"},
    ],
)
def test_a_weights_file_for_something_else_is_refused(tmp_path: Path, notes: dict[str, str]) -> None:
    with pytest.raises(WeightsUnavailable, match=r"trained\.safetensors"):
        from_weights(export(tmp_path, FULL, **notes))


def test_a_direct_variant_without_its_teacher_in_use_is_off(tmp_path: Path) -> None:
    direct = SgdNetVariant("mobilenet_v2", Guidance.DIRECT)
    with pytest.raises(WeightsUnavailable, match="needs its saliency teacher in use too"):
        from_weights(export(tmp_path, direct, teacher="dinet"))


def test_notes_are_read_back() -> None:
    variant = SgdNetVariant("vgg16", Guidance.DIRECT, False)
    assert parse_notes(make_notes(variant, "dinet", (512, 768)), Path("file")) == (variant, (512, 768))


def test_without_weights_the_model_is_off_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="sgdnet is off"):
        load_sgdnet(explicit=tmp_path / "absent.safetensors")
