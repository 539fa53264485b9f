"""A start for trainings in tests: MobileNetV2 with the weights torch draws, so that no file of ImageNet is needed."""

from pathlib import Path

import torch

from detectors.saliency_iqa.backbones import MobileNetV2


def drawn(path: Path) -> MobileNetV2:
    """Stands in for `mobilenet_v2_from_tflite`; `path` is where the real one would lie."""
    assert path.suffix == ".tflite"
    torch.manual_seed(0)
    return MobileNetV2()
