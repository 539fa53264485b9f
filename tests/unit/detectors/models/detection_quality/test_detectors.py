"""Detectors with random weights: their mechanics; what trained weights say is in test_bundled.py."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from detectors.models.detection_quality.detectability import (
    DETECTABILITY,
    DetectabilityDetector,
    SurvivalNetwork,
    resize_to_network,
)
from detectors.models.detection_quality.detector import DETECTION_LOSS, DetectionQualityDetector, load_detection_quality
from detectors.models.detection_quality.networks import NETWORKS, MobileRegressor, PaperRegressor
from detectors.models.pictures import Pictures
from detectors.models.weights import WeightsUnavailable

Made = tuple[DetectionQualityDetector | DetectabilityDetector, str]


def mobile() -> Made:
    torch.manual_seed(0)
    return DetectionQualityDetector(MobileRegressor(), "mobile"), DETECTION_LOSS.key


def paper() -> Made:
    torch.manual_seed(0)
    network = PaperRegressor()
    network.start_at(0.7)
    return DetectionQualityDetector(network, "paper"), DETECTION_LOSS.key


def survival() -> Made:
    torch.manual_seed(0)
    return DetectabilityDetector(SurvivalNetwork(), "survival"), DETECTABILITY.key


EVERY = pytest.mark.parametrize("make", [mobile, paper, survival])


def pictures(height: int, width: int, count: int = 1) -> Pictures:
    return Pictures.from_rgb(torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(1)))


def score(made: Made, shown: Pictures) -> torch.Tensor:
    detector, key = made
    return detector.score(shown)[key]


@EVERY
def test_alone_as_in_any_batch_and_order(make: Callable[[], Made]) -> None:
    made, three = make(), pictures(240, 320, 3)
    together = score(made, three)
    alone = torch.cat([score(made, Pictures.from_rgb(three.rgb[i : i + 1])) for i in (2, 0, 1)])
    torch.testing.assert_close(alone, together[[2, 0, 1]], atol=1e-3, rtol=1e-4)
    assert len(set(together.tolist())) == 3


@EVERY
@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (64, 300), (224, 224), (1080, 1920)])
def test_any_size_from_32_on_is_scored(make: Callable[[], Made], height: int, width: int) -> None:
    made = make()
    (value,) = score(made, pictures(height, width)).tolist()
    low, high = made[0].metrics[0].low, made[0].metrics[0].high
    assert low <= value <= high


@EVERY
@pytest.mark.parametrize(("height", "width"), [(31, 400), (400, 31)])
def test_under_32_pixels_is_not_assessable(make: Callable[[], Made], height: int, width: int) -> None:
    assert score(make(), pictures(height, width, 2)).isnan().tolist() == [True, True]


def test_a_ribbon_is_not_assessable_for_detection() -> None:
    assert score(survival(), pictures(40, 2000)).isnan().all()
    assert score(mobile(), pictures(40, 2000)).isfinite().all()


def test_the_same_picture_always_shows_the_same_patches() -> None:
    made, shown = mobile(), pictures(300, 500)
    assert score(made, shown).item() == score(made, shown).item()


@pytest.mark.parametrize(("height", "width", "seen"), [(1080, 1920, (234, 416)), (240, 320, (312, 416))])
def test_detectability_sees_what_a_small_detector_sees(height: int, width: int, seen: tuple[int, int]) -> None:
    assert resize_to_network(pictures(height, width)).shape[-2:] == seen


def test_bfloat16_stays_near_single_precision() -> None:
    torch.manual_seed(0)
    exact = DetectabilityDetector(SurvivalNetwork(), "exact")
    torch.manual_seed(0)
    fast = DetectabilityDetector(SurvivalNetwork(), "fast", precision=torch.bfloat16)
    shown = pictures(240, 320, 2)
    torch.testing.assert_close(
        exact.score(shown)["detectability"], fast.score(shown)["detectability"], atol=2.0, rtol=0
    )


def test_the_weights_file_says_which_network(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(PaperRegressor().state_dict(), path, metadata={"network": "paper"})
    assert load_detection_quality(explicit=path).fingerprint.startswith("detection_quality@")
    save_file(PaperRegressor().state_dict(), path, metadata={"network": "mobile"})
    with pytest.raises(WeightsUnavailable, match="another network"):
        load_detection_quality(explicit=path)
    save_file(PaperRegressor().state_dict(), path)
    with pytest.raises(WeightsUnavailable, match="does not know"):
        load_detection_quality(explicit=path)


def test_the_networks_have_the_size_their_docstrings_say() -> None:
    sizes = {name: sum(tensor.numel() for tensor in make().parameters()) for name, make in NETWORKS.items()}
    assert sizes["paper"] == pytest.approx(2.17e6, rel=0.01)
    assert sizes["mobile"] == pytest.approx(0.57e6, rel=0.02)


def test_the_papers_network_has_five_convolutions_and_four_layers() -> None:
    kinds = [type(part).__name__ for part in PaperRegressor().modules()]
    assert kinds.count("Conv2d") == 5
    assert kinds.count("Linear") == 4
