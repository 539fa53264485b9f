"""Objects become counts and confidences; the network is seeded at random here, and only here."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from detectors.models.faster_rcnn.detector import FasterRcnnDetector, load_faster_rcnn
from detectors.models.faster_rcnn.variants import OWN_VARIANT, VARIANTS, build_network
from detectors.models.pictures import Pictures

VARIANT = VARIANTS["fasterrcnn_mobilenet_v3_large_320_fpn"]


class FixedDetections(nn.Module):
    """Answers for every picture with the objects it was given."""

    def __init__(self, *objects: tuple[int, float, tuple[float, float, float, float]]) -> None:
        super().__init__()
        self.answer = {
            "labels": torch.tensor([label for label, _, _ in objects], dtype=torch.long),
            "scores": torch.tensor([score for _, score, _ in objects]),
            "boxes": torch.tensor([box for _, _, box in objects]).view(-1, 4),
        }

    def forward(self, pictures: list[Tensor]) -> list[dict[str, Tensor]]:
        return [self.answer for _ in pictures]


def score_pictures(network: nn.Module, pictures: Pictures) -> dict[str, list[float]]:
    scores = FasterRcnnDetector(network, VARIANT, "test").score(pictures)
    assert set(scores) == {spec.key for spec in FasterRcnnDetector.metrics}
    return {key: values.tolist() for key, values in scores.items()}


def test_objects_are_counted_by_group_and_unsure_ones_are_not() -> None:
    """COCO: 1 person, 3 car, 8 truck, 18 dog, 31 handbag, 62 chair."""
    box = (10.0, 10, 20, 20)
    network = FixedDetections(
        (1, 0.9, box), (1, 0.7, box), (1, 0.4, box), (3, 0.8, box), (8, 0.6, box), (18, 0.95, box), (62, 0.55, box)
    )
    found = score_pictures(network, Pictures.from_rgb(torch.rand(2, 3, 64, 64)))
    counts = {key: found[f"{key}_count"] for key in ("person", "vehicle", "animal", "bag", "object")}
    assert counts == {"person": [2, 2], "vehicle": [2, 2], "animal": [1, 1], "bag": [0, 0], "object": [6, 6]}
    assert found["person_confidence"] == pytest.approx([0.8, 0.8])
    assert found["vehicle_confidence"] == pytest.approx([0.7, 0.7])
    assert found["object_confidence"] == pytest.approx([0.75, 0.75])


def test_kinds_that_the_weights_were_not_taught_are_not_counted_as_none() -> None:
    network = FixedDetections((1, 0.9, (10.0, 10, 20, 20)), (2, 0.8, (30.0, 10, 60, 20)))
    found = FasterRcnnDetector(network, OWN_VARIANT, "test").score(Pictures.from_rgb(torch.rand(1, 3, 64, 64)))
    assert (found["person_count"].item(), found["vehicle_count"].item(), found["object_count"].item()) == (1, 1, 2)
    assert found["animal_count"].isnan().all()
    assert found["bag_count"].isnan().all()


def test_our_network_answers_pictures_of_any_size_and_its_file_names_it(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "own.safetensors"
    halves = {name: value.half() if value.is_floating_point() else value for name, value in own_state().items()}
    save_file(halves, path, metadata={"variant": OWN_VARIANT.name})
    detector = load_faster_rcnn(explicit=path)
    assert detector.variant is OWN_VARIANT
    assert path.stat().st_size < 13e6
    for size in ((90, 120), (320, 568)):
        (found,) = detector.detections(torch.rand(1, 3, *size))
        assert set(found.labels.tolist()) <= {1, 2}


def own_state() -> dict[str, Tensor]:
    return {name: value.contiguous() for name, value in build_network(OWN_VARIANT).state_dict().items()}


def test_nothing_seen_is_a_count_of_zero_without_a_confidence() -> None:
    found = score_pictures(FixedDetections(), Pictures.from_rgb(torch.rand(1, 3, 64, 64)))
    assert found["object_count"] == [0]
    assert math.isnan(found["object_confidence"][0])


def test_what_is_masked_does_not_count() -> None:
    visible = torch.ones(2, 1, 64, 64, dtype=torch.bool)
    visible[1, :, :32] = False
    pictures = Pictures.from_rgb(torch.rand(2, 3, 64, 64), visible=visible)
    found = score_pictures(FixedDetections((1, 0.9, (0.0, 0, 20, 20)), (1, 0.9, (0.0, 40, 20, 60))), pictures)
    assert found["person_count"] == [2, 1]


@pytest.mark.parametrize("size", [(31, 64), (32, 1281), (1, 1)])
def test_too_small_or_too_narrow_is_not_measured(size: tuple[int, int]) -> None:
    found = score_pictures(FixedDetections((1, 0.9, (0.0, 0, 20, 20))), Pictures.from_rgb(torch.rand(1, 3, *size)))
    assert all(math.isnan(values[0]) for values in found.values())


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seeded weights that see people in most of what they look at."""
    torch.manual_seed(0)
    network = build_network(VARIANT)
    state = network.state_dict()
    state["roi_heads.box_predictor.cls_score.bias"][1] = 6
    path = tmp_path_factory.mktemp("weights") / "seeded.safetensors"
    save_file(state, path, metadata={"variant": VARIANT.name})
    return path


def test_it_scores_with_weights_from_a_file_the_same_alone_and_in_a_batch(weights_file: Path) -> None:
    detector = load_faster_rcnn(weights_file)
    torch.manual_seed(1)
    rgb = torch.rand(3, 3, 48, 64)
    together = detector.score(Pictures.from_rgb(rgb))
    alone = [detector.score(Pictures.from_rgb(rgb[index : index + 1])) for index in (2, 0)]
    assert together["person_count"].min() > 0
    for row, scores in zip((2, 0), alone, strict=True):
        for key, values in scores.items():
            torch.testing.assert_close(values[0], together[key][row], rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("size", [(32, 32), (32, 1280), (900, 32)])
def test_any_size_down_to_32_and_any_aspect_to_40_is_measured(weights_file: Path, size: tuple[int, int]) -> None:
    scores = load_faster_rcnn(weights_file).score(Pictures.from_rgb(torch.rand(1, 3, *size)))
    assert math.isfinite(scores["object_count"].item())
