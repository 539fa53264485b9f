"""BRISQUE and NIQE behind the interface of every detector."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from detectors.models.classic_iqa.brisque import from_safetensors
from detectors.models.classic_iqa.detector import (
    BrisqueTensors,
    ClassicIqaDetector,
    NiqeTensors,
    load_brisque_detector,
    load_niqe_detector,
)
from detectors.models.pictures import Pictures
from detectors.models.weights import WeightsUnavailable
from tests.unit.detectors.sample_pictures import blurred, luma, noisy, photograph

NOTES = {"rho": "0.0", "gamma": "0.05", "slope": "1.0", "level": "40.0"}


@pytest.fixture
def seeded(tmp_path: Path) -> dict[str, ClassicIqaDetector]:
    """Both with tensors drawn at random, and only here."""
    torch.manual_seed(0)
    save_file(BrisqueTensors(5).state_dict(), tmp_path / "brisque.safetensors", metadata=NOTES)
    save_file(NiqeTensors().state_dict(), tmp_path / "niqe.safetensors")
    return {
        "brisque": load_brisque_detector(tmp_path / "brisque.safetensors"),
        "niqe": load_niqe_detector(tmp_path / "niqe.safetensors"),
    }


@pytest.mark.parametrize("name", ["brisque", "niqe"])
def test_the_metric_has_the_detectors_name_and_stays_in_its_bounds(
    seeded: dict[str, ClassicIqaDetector], name: str
) -> None:
    detector = seeded[name]
    (spec,) = detector.metrics
    scores = detector.score(Pictures(luma(photograph("camera"), noisy(photograph("camera"), 20))))
    assert (detector.name, spec.key, list(scores)) == (name, name, [name])
    assert detector.fingerprint.startswith(f"{name}@")
    assert ((scores[name] >= spec.low) & (scores[name] <= spec.high)).all()


@pytest.mark.parametrize("name", ["brisque", "niqe"])
def test_a_picture_scores_alone_as_in_a_batch_in_any_order(seeded: dict[str, ClassicIqaDetector], name: str) -> None:
    pictures = luma(photograph("camera"), noisy(photograph("camera"), 20), photograph("grass"))
    together = seeded[name].score(Pictures(pictures))[name]
    backwards = seeded[name].score(Pictures(pictures.flip(0)))[name].flip(0)
    alone = torch.cat([seeded[name].score(Pictures(pictures[i : i + 1]))[name] for i in range(3)])
    assert torch.equal(together, alone)
    assert torch.equal(together, backwards)


@pytest.mark.parametrize(("name", "smallest"), [("brisque", 16), ("niqe", 192)])
def test_smaller_pictures_are_not_measured(seeded: dict[str, ClassicIqaDetector], name: str, smallest: int) -> None:
    torch.manual_seed(0)
    sizes = [(smallest - 1, smallest - 1), (smallest, smallest)]
    found = [seeded[name].score(Pictures(torch.rand(1, 1, *size)))[name].item() for size in sizes]
    assert math.isnan(found[0])
    assert math.isfinite(found[1])


@pytest.mark.parametrize("made", [load_brisque_detector, load_niqe_detector], ids=["brisque", "niqe"])
def test_without_their_file_they_are_off(made: Callable[[Path], ClassicIqaDetector], tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="off"):
        made(tmp_path / "nowhere.safetensors")


def test_the_counted_tensors_answer_as_the_measure_does(tmp_path: Path) -> None:
    network = BrisqueTensors(7)
    save_file(network.state_dict(), tmp_path / "own.safetensors", metadata={**NOTES, "level": "0.0"})
    features = torch.rand(4, 36, dtype=torch.float64)
    assert torch.equal(from_safetensors(tmp_path / "own.safetensors").regression(features), network(features))


@pytest.mark.parametrize("made", [load_brisque_detector, load_niqe_detector], ids=["brisque", "niqe"])
def test_the_bundled_weights_find_a_blurred_photograph_worse(made: Callable[[], ClassicIqaDetector]) -> None:
    """Their digests are checked against the manifest on the way."""
    detector = made()
    sharp, soft = detector.score(Pictures(luma(photograph("coffee"), blurred(photograph("coffee"), 3))))[detector.name]
    assert sharp < soft
