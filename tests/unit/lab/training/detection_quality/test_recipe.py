import os
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import skimage.data

from detectors.models.detection_quality.detectability import load_detectability
from detectors.models.detection_quality.detector import load_detection_quality
from domain.errors import ConfigError
from lab.training.datasets import find_dataset
from lab.training.detection_quality.recipe import train_detectability, train_loss_regressor
from lab.training.recipe import TrainingJob
from lab.training.samples import Sample

NUMBERS = (125, 200, 201, 300)
"""Of photographs in three blocks; the first's is held out of the head's training."""


def job(folder: Path, **options: str) -> TrainingJob:
    samples = []
    astronaut = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    for number in NUMBERS:
        path = folder / f"ss01 ({number}).jpg"
        shift = 7 * (number % 5)
        cv2.imwrite(str(path), astronaut[shift : shift + 448, shift : shift + 448, ::-1])
        samples.append(Sample(path, {"mos": 0.5}, path.stem))
    return TrainingJob(find_dataset("biq2021"), samples[1:], samples[:1], folder / "run", options=options)


def shared() -> Path:
    root = os.environ.get("SIGHTLINE_DATA")
    if not root:
        pytest.skip("set SIGHTLINE_DATA to the shared data folder")
    return Path(root)


def test_the_papers_network_trains_from_photographs_to_weights(tmp_path: Path) -> None:
    path = train_loss_regressor(replace(job(tmp_path, network="paper", epochs="2", batch="8")))
    assert load_detection_quality(path).fingerprint.startswith("detection_quality@")
    assert (tmp_path / "run" / "paper" / "last.pt").is_file()


def test_without_imagenets_weights_the_short_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--start"):
        train_loss_regressor(job(tmp_path, photographs="1"))


def test_without_a_labeller_detectability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="yolox"):
        train_detectability(job(tmp_path))


@pytest.mark.data
def test_both_heads_train_from_photographs_to_weights(tmp_path: Path) -> None:
    models = shared() / "reference-models"
    start = models / "mobilenet_v2_imagenet_int8.tflite"
    one = replace(job(tmp_path, yolox=str(models / "yolox_nano.onnx")), start=start)
    assert load_detectability(train_detectability(one)).fingerprint.startswith("detectability@")
    assert load_detection_quality(train_loss_regressor(one)).fingerprint.startswith("detection_quality@")
