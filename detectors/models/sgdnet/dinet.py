"""DINet (Yang et al. 2019, "A dilated inception network for visual saliency prediction"), SGDNet's teacher.

A ResNet50 dilated to stride 8, three parallel dilated convolutions added, three more, a sigmoid, enlarged eightfold.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from detectors.models import weights
from detectors.models.sgdnet.backbones import (
    STEM,
    BottleneckStage,
    bottlenecks,
    convolution_with_norm,
    subtract_caffe_means,
)
from detectors.models.weights import WeightsUnavailable

WIDTH = 256
BRANCH_DILATIONS = (4, 8, 16)
SIZE = (320, 480)
"""Height and width that the authors trained at on SALICON."""
DILATED_STAGES = (
    BottleneckStage(64, 256, 3, 1),
    BottleneckStage(128, 512, 4, 2),
    BottleneckStage(256, 1024, 6, 1, dilation=2),
    BottleneckStage(512, 2048, 3, 1, dilation=4),
)


def _convolution(inputs: int, outputs: int, kernel: int, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=dilation * (kernel - 1) // 2, dilation=dilation, bias=False)


class DINet(nn.Module):
    """26.98 M parameters, 66.5 GMACs at 320 x 480. Nothing but the norms has a bias, as in the authors' code."""

    def __init__(self) -> None:
        super().__init__()
        pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.stem = nn.Sequential(convolution_with_norm(3, STEM, 7, stride=2, bias=False), nn.ReLU(inplace=True), pool)
        self.blocks = bottlenecks(DILATED_STAGES, bias=False)
        self.adaption = nn.Sequential(_convolution(DILATED_STAGES[-1].outputs, WIDTH, 1), nn.ReLU(inplace=True))
        self.branches = nn.ModuleList(
            nn.Sequential(_convolution(WIDTH, WIDTH, 3, dilation), nn.ReLU(inplace=True))
            for dilation in BRANCH_DILATIONS
        )
        self.decoder = nn.Sequential(
            _convolution(WIDTH, WIDTH, 3),
            nn.ReLU(inplace=True),
            _convolution(WIDTH, WIDTH, 3),
            nn.ReLU(inplace=True),
            _convolution(WIDTH, 1, 3),
            nn.Sigmoid(),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Saliency (N, 1, H, W) in [0, 1] of BGR less means (N, 3, H, W); H and W multiples of 8.

        Ours: enlarged with pixel centres aligned; the authors' TensorFlow of the time aligned corners at the origin.
        """
        features = self.adaption(self.blocks(self.stem(pictures)))
        joined = torch.stack([branch(features) for branch in self.branches]).sum(dim=0)
        saliency: Tensor = self.decoder(joined)
        return interpolate(saliency, scale_factor=8, mode="bilinear", align_corners=False)


class DINetSaliency:
    """DINet as a saliency provider. Ours: the picture is squashed to 320 x 480; the authors padded it to that shape."""

    def __init__(self, network: DINet, *, size: tuple[int, int] = SIZE) -> None:
        """`network` is put into evaluation mode; `size` (H, W) are multiples of 8."""
        self._network = network.eval()
        self._size = size

    @torch.inference_mode()
    def __call__(self, rgb: Tensor) -> Tensor:
        """Return (N, 1, *size) in [0, 1] for RGB (N, 3, H, W) in [0, 1]."""
        self._network.to(rgb.device)
        squashed = interpolate(rgb, size=self._size, mode="bilinear", antialias=True)
        maps: Tensor = self._network(subtract_caffe_means(squashed))
        return maps


def load_dinet(path: Path | None, *, size: tuple[int, int] = SIZE) -> DINetSaliency:
    """The teacher with its weights (safetensors), for pictures squashed to `size`.

    Raises WeightsUnavailable where they are absent or do not fit.
    """
    if path is None or not path.is_file():
        where = "none was given" if path is None else f"{path} is absent"
        raise WeightsUnavailable(f"DINet is off: it needs the path of its weights, and {where}")
    network = DINet()
    weights.load_into(network, weights.read_weights(path)[0], path)
    return DINetSaliency(network, size=size)
