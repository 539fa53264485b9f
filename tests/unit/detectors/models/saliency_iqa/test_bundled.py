"""The bundled weights: found by name, on request only, and honest about a picture made worse."""

import numpy as np
import pytest
import torch
from skimage import data

from detectors.models.pictures import Pictures
from detectors.models.runtime import fast_precision
from detectors.models.saliency_iqa.detector import SaliencyIqaDetector, from_weights
from detectors.models.weights import locate_weights
from detectors.registry import build_detectors
from lab.training.augment.degradation_ladders import LADDERS

BATCH_TOLERANCE = 1e-3
"""Points of 100, whatever the backbones' precision: they see one picture after the other."""


@pytest.fixture(scope="module", params=sorted({torch.float32, fast_precision()}, key=str))
def precision(request: pytest.FixtureRequest) -> torch.dtype:
    chosen: torch.dtype = request.param
    return chosen


@pytest.fixture(scope="module")
def detector(precision: torch.dtype) -> SaliencyIqaDetector:
    return from_weights(locate_weights("saliency_iqa"), precision=precision)


@pytest.fixture(scope="module")
def photograph() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(data.astronaut()[:400, :500], np.uint8)  # type: ignore[no-untyped-call]


def rungs(name: str, photograph: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Pictures:
    worsen, strengths = LADDERS[name]
    pictures = np.stack([photograph, *(worsen(photograph, strength) for strength in strengths)])
    return Pictures.from_rgb(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)


def test_the_default_set_leaves_it_out_and_a_name_brings_it_in() -> None:
    assert "saliency_iqa" not in {detector.name for detector in build_detectors().models}
    (named,) = build_detectors(["saliency_iqa"]).models
    assert named.fingerprint.startswith(locate_weights("saliency_iqa").fingerprint)


@pytest.mark.parametrize("name", ["blur", "noise"])
def test_a_picture_made_much_worse_scores_much_lower(
    detector: SaliencyIqaDetector, photograph: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], name: str
) -> None:
    scores = detector.score(rungs(name, photograph))["image_quality"]
    assert scores[-1] < scores[0] - 10


def test_a_picture_scores_the_same_alone_and_in_a_batch(
    detector: SaliencyIqaDetector, photograph: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> None:
    batch = rungs("blur", photograph)
    together = detector.score(batch)["image_quality"].tolist()
    alone = [detector.score(batch.select([index]))["image_quality"].item() for index in range(len(batch))]
    assert together == pytest.approx(alone, abs=BATCH_TOLERANCE)
