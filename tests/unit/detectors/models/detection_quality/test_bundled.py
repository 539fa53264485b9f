"""What the bundled weights say of a portrait made worse."""

import cv2
import numpy as np
import pytest
import skimage.data
import torch
from numpy.typing import NDArray

from detectors.models.detection_quality.detectability import load_detectability
from detectors.models.detection_quality.detector import load_detection_quality
from detectors.models.pictures import Detector, Pictures

Scene = NDArray[np.float32]


def scene() -> Scene:
    """(512, 512, 3) levels: the astronaut's portrait that scikit-image ships (NASA, public domain)."""
    return np.asarray(skimage.data.astronaut(), np.float32)  # type: ignore[no-untyped-call]


def score(detector: Detector, key: str, *pictures: Scene) -> list[float]:
    levels = np.stack([np.clip(one, 0, 255) for one in pictures])
    rgb = torch.from_numpy(levels).permute(0, 3, 1, 2).float() / 255
    scores: list[float] = detector.score(Pictures.from_rgb(rgb))[key].tolist()
    return scores


def jpeg(picture: Scene, quality: int) -> Scene:
    _, packet = cv2.imencode(".jpg", picture.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packet, cv2.IMREAD_COLOR), np.float32)


def worse(kind: str, strength: int) -> Scene:
    picture = scene()
    if kind == "blur":
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), (2, 4, 9)[strength]), np.float32)
    if kind == "noise":
        noise = np.random.default_rng(0).standard_normal(picture.shape).astype(np.float32)
        return picture + (15, 40, 90)[strength] * noise
    if kind == "darkness":
        return picture * (0.3, 0.1, 0.03)[strength]
    if kind == "fog":
        veil = (0.4, 0.7, 0.95)[strength]
        return picture * (1 - veil) + 200 * veil
    return jpeg(picture, (30, 10, 2)[strength])


@pytest.mark.parametrize("kind", ["blur", "noise", "darkness", "fog", "compression"])
def test_detectability_falls_as_the_picture_gets_worse(kind: str) -> None:
    scores = score(load_detectability(), "detectability", scene(), *(worse(kind, strength) for strength in range(3)))
    assert scores[0] > scores[1] > scores[2] > scores[3]
    assert scores[3] < 0.7 * scores[0]


def test_stronger_compression_costs_more() -> None:
    light, strong = score(load_detection_quality(), "detection_loss", jpeg(scene(), 60), jpeg(scene(), 4))
    assert strong > light + 0.05


def test_the_weights_are_named() -> None:
    assert load_detectability().fingerprint.startswith("detectability@")
    assert load_detection_quality().fingerprint.startswith("detection_quality@")
