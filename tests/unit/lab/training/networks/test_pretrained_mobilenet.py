"""The quantised ImageNet start is converted rightly: it recognises a cat."""

import os
from pathlib import Path

import pytest
import torch
from skimage import data
from torch.nn.functional import interpolate

from detectors.models.saliency_iqa.network import normalise_imagenet
from domain.errors import ConfigError
from lab.training.networks.pretrained_mobilenet import CONVOLUTIONS, _convolutions, load_mobilenet_v2_tflite

EGYPTIAN_CAT = 286
"""ImageNet's class 285 after the file's own background class."""


@pytest.mark.data
def test_the_converted_network_recognises_scikit_images_cat() -> None:
    if "SIGHTLINE_DATA" not in os.environ:
        pytest.skip("set SIGHTLINE_DATA to the shared data folder")
    path = Path(os.environ["SIGHTLINE_DATA"]) / "reference-models" / "mobilenet_v2_imagenet_int8.tflite"
    network = load_mobilenet_v2_tflite(path).eval()
    classifier, bias = list(_convolutions(path))[CONVOLUTIONS]
    square = torch.from_numpy(data.chelsea()[:, 60:360])  # type: ignore[no-untyped-call]
    square = square.permute(2, 0, 1).unsqueeze(0).float() / 255
    with torch.inference_mode():
        maps = network(normalise_imagenet(interpolate(square, size=(224, 224), mode="bilinear", antialias=True)))
        likely = (classifier.flatten(1) @ maps.mean(dim=(2, 3))[0] + bias).softmax(dim=0)
    assert int(likely.argmax()) == EGYPTIAN_CAT
    assert likely[EGYPTIAN_CAT] > 0.5


def test_a_missing_start_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.tflite"):
        load_mobilenet_v2_tflite(tmp_path / "absent.tflite")
