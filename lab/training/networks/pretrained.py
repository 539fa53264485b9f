"""Weights published for ImageNet, put into a backbone of ours, whatever file they come in."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from detectors.models import weights
from detectors.models.saliency_iqa.backbones import EfficientNetLite, MobileNetV2
from domain.errors import ConfigError
from lab.training.networks import pretrained_efficientnet
from lab.training.networks.pretrained_keras import fill_from_keras
from lab.training.networks.pretrained_mobilenet import load_mobilenet_v2_tflite

CLASSIFIERS = ("fc.", "classifier.")


def load_pretrained(backbone: nn.Module, path: Path) -> None:
    """Fill `backbone` from `path`: torchvision's or EfficientNet-Lite's .pth, a .safetensors, Keras's .h5, the .tflite.

    Raises ConfigError where the file is absent, of another kind, or of another network.
    """
    if not path.is_file():
        raise ConfigError(f"no weights to start from at {path}: docs/training.md names the public files")
    if path.suffix == ".tflite":
        _fill_backbone(backbone, _tflite(backbone, path), path)
    elif path.suffix == ".h5":
        fill_from_keras(backbone, path)
    elif path.suffix == ".safetensors":
        _fill_backbone(backbone, weights.read_weights(path)[0], path)
    else:
        _fill_backbone(backbone, _to_our_names(_checkpoint(path), backbone, path), path)


def _tflite(backbone: nn.Module, path: Path) -> Mapping[str, Tensor]:
    if not isinstance(backbone, MobileNetV2):
        raise ConfigError(f"{path} is MobileNetV2's start: choose backbone=mobilenet_v2, or give another file")
    return load_mobilenet_v2_tflite(path).state_dict()


def _to_our_names(state: Mapping[str, Tensor], backbone: nn.Module, path: Path) -> Mapping[str, Tensor]:
    if not pretrained_efficientnet.is_published(state):
        return state
    if not isinstance(backbone, EfficientNetLite):
        raise ConfigError(f"{path} is an EfficientNet-Lite's start: choose backbone=efficientnet_lite0, or its number")
    try:
        return pretrained_efficientnet.rename_weights(state, backbone)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; choose the backbone of its number") from error


def _checkpoint(path: Path) -> Mapping[str, Tensor]:
    try:
        state: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ConfigError(f"{path} is not a checkpoint of tensors: {error}") from error
    return state


def _fill_backbone(backbone: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    kept = {name: tensor for name, tensor in state.items() if not name.startswith(CLASSIFIERS)}
    weights.load_into(backbone, kept, path)
