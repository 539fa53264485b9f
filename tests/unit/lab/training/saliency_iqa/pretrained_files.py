"""A start for trainings in tests: the backbone with the weights torch draws, so that no file of ImageNet is needed."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from detectors.models.saliency_iqa.backbones import BACKBONES


def write_random_weights(folder: Path, backbone: str) -> Path:
    """A safetensors file in `folder` for `--start`."""
    torch.manual_seed(0)
    path = folder / f"{backbone}.safetensors"
    save_file(BACKBONES[backbone]().state_dict(), path)
    return path
