"""The first convolution of an object detector's backbone: what its filters see before normalisation and ReLU.

Faster R-CNN's or ResNet50's `conv1` by path or checksummed download; else the first convolution of the ImageNet
MobileNetV2, bundled. The score names whose filters it used, for another detector's filters give another number.
"""

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from detectors.models import weights
from detectors.models.weights import WeightsFile, WeightsUnavailable

MODEL = "dct_metric"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
BUNDLED_KEY = "conv1.weight"
RESNET_KEYS = (BUNDLED_KEY, "backbone.body.conv1.weight", "backbone.conv1.weight")
"""Where ResNet50 and torchvision's Faster R-CNN keep it."""
STRIDE = 2


@dataclass(frozen=True)
class FirstConvolution:
    """Filters (O, 3, k, k), k odd, stride 2, for RGB normalised by ImageNet's mean and deviation; no bias.

    A bias would only move the DC coefficient of each map, and tells nothing of the picture.
    """

    filters: Tensor
    fingerprint: str

    def __call__(self, rgb: Tensor) -> Tensor:
        """Return maps (N, O, H/2, W/2) of RGB (N, 3, H, W) in [0, 1], rounded up."""
        mean = rgb.new_tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
        std = rgb.new_tensor(IMAGENET_STD).view(1, 3, 1, 1)
        filters = self.filters.to(rgb)
        return conv2d((rgb - mean) / std, filters, stride=STRIDE, padding=filters.shape[-1] // 2)


def untrained_convolution() -> nn.Module:
    """What the bundled file fills: 25 filters of 3 x 3 x 3."""
    return nn.Sequential(OrderedDict(conv1=nn.Conv2d(3, 25, 3, STRIDE, padding=1, bias=False)))


def load_first_convolution(explicit: Path | None = None, downloads: Path | None = None) -> FirstConvolution:
    """The operator's backbone, else the bundled MobileNetV2's; raises WeightsUnavailable without either."""
    return from_weights(weights.locate_weights(MODEL, explicit=explicit, downloads=downloads))


def from_weights(file: WeightsFile) -> FirstConvolution:
    """The first convolution within a ResNet50, Faster R-CNN or MobileNetV2 file, safetensors or a plain state dict."""
    tensors = _read_tensors(file.path)
    for key in RESNET_KEYS:
        found = tensors.get(key)
        if found is not None and found.ndim == 4 and found.shape[1] == 3 and found.shape[2] % 2 == 1:
            return FirstConvolution(found.detach().float(), file.fingerprint)
    raise WeightsUnavailable(
        f"{file.path} holds no first convolution under {', '.join(RESNET_KEYS)}: give a ResNet50's or Faster R-CNN's"
    )


def _read_tensors(path: Path) -> Mapping[str, Tensor]:
    if path.suffix == ".safetensors":
        return weights.read_weights(path)[0]
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise WeightsUnavailable(f"{path} is not a state dict that can be read safely: {error}") from error
    if not isinstance(state, dict):
        raise WeightsUnavailable(f"{path} is not a state dict: export the network's state_dict()")
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}
