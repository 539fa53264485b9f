"""The bundled weights: on request only, and honest about a real face made worse."""

import cv2
import numpy as np
import pytest
import torch
from skimage import data

from detectors.models.face_quality.detector import FaceQualityDetector, load_face_quality
from detectors.models.pictures import Pictures
from detectors.models.weights import locate_weights
from detectors.registry import build_detectors
from lab.training.augment.degradation_ladders import add_noise, blur

BATCH_TOLERANCE = 1e-3
"""Points of the five."""


@pytest.fixture(scope="module")
def detector() -> FaceQualityDetector:
    return load_face_quality("sfiqa_mobilenet")


def portrait() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A face of about 150 pixels: enlarged by half, for the original is outside the model's range."""
    cut = data.astronaut()[:320, 60:380]  # type: ignore[no-untyped-call]
    return np.asarray(cv2.resize(cut, (480, 480), interpolation=cv2.INTER_CUBIC), np.uint8)


def rungs() -> Pictures:
    pictures = np.stack([portrait(), blur(portrait(), 4.0), add_noise(portrait(), 25.0)])
    return Pictures.from_rgb(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)


def test_the_default_set_leaves_it_out_and_a_name_brings_it_in() -> None:
    assert "sfiqa_mobilenet" not in {each.name for each in build_detectors().models}
    (named,) = build_detectors(["sfiqa_mobilenet"]).models
    assert named.fingerprint.startswith(locate_weights("sfiqa_mobilenet").fingerprint)


def test_a_face_made_worse_scores_lower_where_it_was_harmed(detector: FaceQualityDetector) -> None:
    found = detector.score(rungs())
    assert found["faces_judged"].tolist() == [1, 1, 1]
    before, defocused, grainy = found["face_sharpness_median"].tolist()
    assert defocused < before - 1
    assert found["face_noise_median"][2] < found["face_noise_median"][0] - 1
    overall = found["face_overall_median"].tolist()
    assert max(overall[1:]) < overall[0] - 0.4
    assert grainy <= before


def test_grey_loses_colour_and_a_veil_contrast(detector: FaceQualityDetector) -> None:
    plain = portrait()
    grey = np.repeat(plain.mean(axis=2, keepdims=True), 3, axis=2)
    veiled = 0.3 * plain + 0.7 * 160
    pictures = np.stack([plain, grey, veiled]).round().astype(np.uint8)
    found = detector.score(Pictures.from_rgb(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255))
    colour, contrast = found["face_colourfulness_median"], found["face_contrast_best"]
    assert colour[1] < colour[0] - 1
    assert contrast[2] < contrast[0] - 1
    assert contrast[1] > contrast[2] + 0.5


def test_a_picture_scores_the_same_alone_and_in_a_batch(detector: FaceQualityDetector) -> None:
    batch = rungs()
    together = detector.score(batch)["face_overall_median"].tolist()
    alone = [
        detector.score(Pictures.from_rgb(picture.unsqueeze(0)))["face_overall_median"].item() for picture in batch.rgb
    ]
    assert together == pytest.approx(alone, abs=BATCH_TOLERANCE)
