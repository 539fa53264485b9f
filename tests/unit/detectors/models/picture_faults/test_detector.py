from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from detectors.models.detection_quality.detectability import (
    DetectabilityDetector,
    SurvivalNetwork,
    load_detectability,
)
from detectors.models.detection_quality.shared_trunk import share_trunk
from detectors.models.picture_faults.detector import SPECS, PictureFaultsDetector, load_picture_faults
from detectors.models.picture_faults.kinds import KINDS, WORDS
from detectors.models.picture_faults.network import STATISTICS, PictureFaults
from detectors.models.pictures import Pictures
from detectors.models.runtime import use_pytorch_only
from detectors.models.saliency_iqa.detector import fuse_batch_norms
from detectors.models.weights import WeightsUnavailable
from evaluation.rules.thresholds import PICTURE_FAULT, SEEN


def build_untrained() -> PictureFaults:
    torch.manual_seed(3)
    return PictureFaults().eval()


def make_pictures(height: int, width: int, count: int = 1) -> Pictures:
    return Pictures.from_rgb(torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(5)))


def test_every_kind_has_a_probability_a_word_and_a_sentence_for_operators() -> None:
    found = PictureFaultsDetector(build_untrained(), "x").score(make_pictures(96, 128))
    assert set(found) == {PICTURE_FAULT + kind for kind in KINDS} == {spec.key for spec in SPECS.values()}
    assert set(WORDS) == set(SEEN) == set(KINDS)
    assert all(0 <= float(value[0]) <= 1 for value in found.values())


def test_what_runs_is_what_was_trained() -> None:
    pictures = make_pictures(234, 416, 2)
    expected = build_untrained()(pictures.reduced_rgb(416))
    found = PictureFaultsDetector(build_untrained(), "x").score(pictures)
    together = torch.stack([found[SPECS[kind].key] for kind in KINDS], dim=1)
    torch.testing.assert_close(together, expected, atol=1e-3, rtol=0)


def test_pytorch_says_what_openvino_says() -> None:
    quick = PictureFaultsDetector(build_untrained(), "x").score(make_pictures(120, 160))
    with use_pytorch_only():
        plain = PictureFaultsDetector(build_untrained(), "x").score(make_pictures(120, 160))
    for key, value in quick.items():
        torch.testing.assert_close(value, plain[key], atol=1e-3, rtol=0)


@pytest.mark.parametrize("size", [(31, 400), (400, 31), (40, 2000)])
def test_a_ribbon_or_a_thumbnail_is_not_assessable(size: tuple[int, int]) -> None:
    found = PictureFaultsDetector(build_untrained(), "x").score(make_pictures(*size, count=2))
    assert all(value.isnan().all() for value in found.values())


def test_a_look_that_asks_detectability_too_passes_the_trunk_once(monkeypatch: pytest.MonkeyPatch) -> None:
    survival = SurvivalNetwork()
    network = build_untrained()
    survival.network.trunk.load_state_dict(network.trunk.state_dict())
    other = DetectabilityDetector(survival, "y")
    faults = PictureFaultsDetector(network, "x")
    trunk = share_trunk(network.trunk, torch.float32)
    passes: list[int] = []
    compute = trunk._shallow

    def count(resized: Tensor) -> Tensor:
        passes.append(len(resized))
        return compute(resized)

    monkeypatch.setattr(trunk, "_shallow", count)
    pictures = make_pictures(90, 160)
    first = other.score(pictures)
    faults.score(pictures)
    assert len(passes) == 1
    assert torch.equal(first["detectability"], other.score(make_pictures(90, 160))["detectability"])


def test_other_tensors_are_another_trunk() -> None:
    one, other = build_untrained(), build_untrained()
    stem = next(part for part in other.trunk.modules() if isinstance(part, nn.Conv2d))
    stem.weight.data += 1
    trunks = [share_trunk(fuse_batch_norms(network.trunk), torch.float32) for network in (one, other)]
    assert trunks[0] is not trunks[1]


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(WeightsUnavailable, match="another network"):
        load_picture_faults(explicit=path)


def test_the_bundled_weights_fit_and_share_detectabilitys_trunk() -> None:
    faults, other = load_picture_faults(), load_detectability()
    assert faults._trunk is other._trunk


def test_the_network_is_as_large_as_its_card_says() -> None:
    assert sum(tensor.numel() for tensor in build_untrained().parameters()) == pytest.approx(1.40e6, rel=0.02)
    assert build_untrained().centre.shape == (STATISTICS,)
