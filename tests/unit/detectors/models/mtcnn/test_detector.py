"""Counts and confidences of faces as metrics; never a picture or anything that tells who it is."""

import math

import pytest
import torch
from torch import Tensor

from detectors.models.mtcnn.detector import MtcnnDetector, load_mtcnn_detector
from detectors.models.pictures import Pictures
from tests.unit.detectors.models.mtcnn.scenes import astronaut, grey


@pytest.fixture(scope="module")
def detector() -> MtcnnDetector:
    return load_mtcnn_detector()


def score_pictures(detector: MtcnnDetector, rgb: Tensor, visible: Tensor | None = None) -> dict[str, list[float]]:
    scores = detector.score(Pictures.from_rgb(rgb, visible=visible))
    assert {scores[spec.key].shape for spec in detector.metrics} == {(len(rgb),)}
    return {key: values.tolist() for key, values in scores.items()}


def test_faces_are_counted_and_no_face_has_no_confidence(detector: MtcnnDetector) -> None:
    found = score_pictures(detector, torch.stack([astronaut(), grey(256, 256)]))
    assert found["face_count"] == [1, 0]
    assert found["face_confidence_best"][0] == found["face_confidence_mean"][0] > 0.99
    assert math.isnan(found["face_confidence_best"][1])
    assert math.isnan(found["face_confidence_mean"][1])


def test_the_same_alone_and_in_a_batch(detector: MtcnnDetector) -> None:
    together = score_pictures(detector, torch.stack([grey(256, 256), astronaut(), astronaut().flip(2)]))
    alone = score_pictures(detector, astronaut()[None])
    assert {key: values[1] for key, values in together.items()} == {key: values[0] for key, values in alone.items()}


def test_a_masked_face_does_not_count(detector: MtcnnDetector) -> None:
    visible = torch.ones(2, 1, 256, 256, dtype=torch.bool)
    visible[1, :, 70:150, 90:150] = False
    assert score_pictures(detector, torch.stack([astronaut()] * 2), visible)["face_count"] == [1, 0]


@pytest.mark.parametrize("size", [(32, 32), (39, 2000), (1, 1)])
def test_a_picture_too_small_for_a_face_is_not_measured(detector: MtcnnDetector, size: tuple[int, int]) -> None:
    assert all(math.isnan(values[0]) for values in score_pictures(detector, grey(*size)[None]).values())


@pytest.mark.parametrize("size", [(40, 40), (40, 2000), (1500, 41)])
def test_any_larger_size_and_aspect_is_measured(detector: MtcnnDetector, size: tuple[int, int]) -> None:
    assert score_pictures(detector, grey(*size)[None])["face_count"] == [0]


def test_the_fingerprint_names_the_weights(detector: MtcnnDetector) -> None:
    assert detector.fingerprint == "mtcnn@4ece0bff42a5"
