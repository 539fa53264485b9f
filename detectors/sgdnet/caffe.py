"""The input that Keras's ResNet50 and VGG16 weights expect."""

import torch
from torch import Tensor

MEAN_BGR = (103.939, 116.779, 123.68)


def bgr_less_means(rgb: Tensor) -> Tensor:
    """RGB (N, 3, H, W) in [0, 1] to BGR of 0 to 255 less ImageNet's means."""
    mean = torch.tensor(MEAN_BGR, dtype=rgb.dtype, device=rgb.device).view(1, 3, 1, 1)
    return rgb.flip(1) * 255 - mean
