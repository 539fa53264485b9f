"""The detector answers for any picture, the same in any batch, and says which weights it used."""

from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from detectors.models.pictures import Pictures
from detectors.models.saliency.providers import ChosenSaliency, choose_saliency
from detectors.models.saliency.spectral_residual import spectral_residual
from detectors.models.saliency_iqa.detector import (
    SaliencyIqaDetector,
    from_weights,
    fuse_batch_norms,
    load_saliency_iqa,
)
from detectors.models.saliency_iqa.network import Branch, SaliencyIqa
from detectors.models.weights import WeightsFile, WeightsOrigin, WeightsUnavailable

BATCH_TOLERANCE = 1e-3
"""Points of 100, in either precision: the backbones see one picture after the other."""


def network(seed: int = 0) -> SaliencyIqa:
    """Untrained, but its answers depend on the picture and stay within bounds; the caller may change it."""
    return deepcopy(_build_untrained(seed))


@cache
def _build_untrained(seed: int) -> SaliencyIqa:
    torch.manual_seed(seed)
    untrained = SaliencyIqa("mobilenet_v2")
    for module in untrained.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_in")
    seen = pictures(3, 224, 224).rgb
    for branch in (untrained.global_branch.eval(), untrained.local_branch.eval()):
        last = branch.head[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            answers = branch(seen)
            last.weight *= 0.1 / answers.std()
            last.bias.zero_()
            last.bias.add_(0.5 - branch(seen).mean())
    return untrained


@pytest.fixture(scope="module")
def detector() -> SaliencyIqaDetector:
    return SaliencyIqaDetector(network(), spectral_residual, "saliency_iqa@test")


def pictures(count: int, height: int = 240, width: int = 320) -> Pictures:
    rgb = torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(count))
    strength = torch.linspace(0.1, 0.9, count).view(-1, 1, 1, 1)
    return Pictures.from_rgb(rgb * strength)


def exported(folder: Path, **notes: str) -> WeightsFile:
    path = folder / "trained.safetensors"
    half = {
        name: value.half() if value.is_floating_point() else value for name, value in network().state_dict().items()
    }
    save_file(half, path, metadata=notes)
    return WeightsFile("saliency_iqa", path, "0" * 64, WeightsOrigin.EXPLICIT, (path,))


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_a_picture_scores_the_same_alone_and_in_any_batch_and_order(precision: torch.dtype) -> None:
    detector = SaliencyIqaDetector(network(), spectral_residual, "", precision=precision)
    batch = pictures(3)
    together = detector.score(batch)["image_quality"]
    assert len(set(together.tolist())) == 3
    for index in range(3):
        one = batch.select([index])
        assert detector.score(one)["image_quality"].item() == pytest.approx(together[index].item(), abs=BATCH_TOLERANCE)
    reverse = detector.score(batch.select([2, 1, 0]))["image_quality"]
    assert reverse.flip(0).tolist() == pytest.approx(together.tolist(), abs=BATCH_TOLERANCE)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (100, 1200), (1000, 70)])
def test_any_shape_from_64_pixels_gets_a_score_within_bounds(
    detector: SaliencyIqaDetector, height: int, width: int
) -> None:
    score = detector.score(pictures(1, height, width))["image_quality"]
    assert 0 <= score.item() <= 100


def test_a_picture_under_64_pixels_is_not_assessable(detector: SaliencyIqaDetector) -> None:
    assert detector.score(pictures(2, 63, 640))["image_quality"].isnan().all()


def test_a_masked_area_attracts_no_window() -> None:
    rgb = torch.full((1, 3, 256, 512), 0.5)
    rgb[..., 100:130, 420:450] = 1.0
    visible = torch.ones(1, 1, 256, 512, dtype=torch.bool)
    visible[..., 300:] = False
    seen = SaliencyIqaDetector(network(), spectral_residual, "")
    _, window = seen.views(Pictures.from_rgb(rgb))
    _, window_beside_mask = seen.views(Pictures.from_rgb(rgb, visible=visible))
    assert window.max().item() == pytest.approx(1.0, abs=1e-3)
    assert window_beside_mask.max().item() == pytest.approx(0.5, abs=1e-3)


def test_fusing_the_norms_keeps_the_function() -> None:
    torch.manual_seed(1)
    branch = Branch("resnet18").eval()
    for name, buffer in branch.named_buffers():
        if "running" in name:
            buffer.uniform_(0.5, 1.5)
    picture = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        before = branch(picture)
        after = fuse_batch_norms(branch)(picture)
    assert after.tolist() == pytest.approx(before.tolist(), rel=1e-4)


def test_a_weights_file_says_which_network_it_is_for(tmp_path: Path) -> None:
    file = exported(tmp_path, backbone="mobilenet_v2", saliency="spectral_residual", local_weight="0.2")
    loaded = from_weights(file)
    assert loaded.fingerprint == "saliency_iqa@000000000000"
    own = SaliencyIqaDetector(network(), spectral_residual, "")
    batch = pictures(1)
    expected = own.score(batch)["image_quality"].item()
    assert loaded.score(batch)["image_quality"].item() == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize(
    "notes",
    [
        {"backbone": "mobilenet_v2", "saliency": "spectral_residual"},
        {"backbone": "vgg", "saliency": "spectral_residual", "local_weight": "0.2"},
        {"backbone": "mobilenet_v2", "saliency": "guess", "local_weight": "0.2"},
        {"backbone": "resnet18", "saliency": "spectral_residual", "local_weight": "0.2"},
    ],
)
def test_a_weights_file_for_something_else_is_refused(tmp_path: Path, notes: dict[str, str]) -> None:
    with pytest.raises(WeightsUnavailable, match=r"trained\.safetensors"):
        from_weights(exported(tmp_path, **notes))


def test_without_weights_the_model_is_off_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="saliency_iqa is off"):
        load_saliency_iqa(explicit=tmp_path / "absent.safetensors")


def test_another_saliency_provider_takes_the_place_of_the_files_own_and_is_named(tmp_path: Path) -> None:
    file = exported(tmp_path, backbone="mobilenet_v2", saliency="spectral_residual", local_weight="1.0")
    corner = torch.zeros(1, 1, 8, 12)
    corner[..., -1, -1] = 1.0
    chosen = ChosenSaliency(lambda rgb: corner.expand(len(rgb), -1, -1, -1), "corner")
    detector = from_weights(file, provider=chosen)
    assert detector.fingerprint == "saliency_iqa@000000000000+corner"
    rgb = torch.rand(1, 3, 300, 400)
    _, window = detector.views(Pictures.from_rgb(rgb))
    assert torch.allclose(window[0], rgb[0, :, 76:, 176:], atol=1e-5)
    assert from_weights(file, provider=choose_saliency("spectral_residual")).fingerprint == "saliency_iqa@000000000000"


def test_another_local_weight_weighs_the_branches_and_is_named(tmp_path: Path) -> None:
    file = exported(tmp_path, backbone="mobilenet_v2", saliency="spectral_residual", local_weight="0.2")
    batch = pictures(1)
    scores = [
        from_weights(file, local_weight=weight).score(batch)["image_quality"].item() for weight in (0.0, 0.2, 1.0)
    ]
    assert scores[1] == pytest.approx(0.8 * scores[0] + 0.2 * scores[2], abs=0.01)
    assert from_weights(file, local_weight=0.5).fingerprint == "saliency_iqa@000000000000+w=0.5"
