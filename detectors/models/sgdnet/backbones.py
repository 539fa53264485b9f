"""SGDNet's feature extractors before its 1 x 1 adaption: (N, 3, H, W) to (N, channels, H/32, W/32).

ResNet50 is Keras's first version, which the authors used and whose weights torchvision's are not: the stride sits on
a block's first 1 x 1 convolution, convolutions have biases, batch norms an epsilon of 1e-3. VGG16 keeps its fifth
pooling, so that the reduction is 32 as the paper says (the authors' code stops at 16).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn

from detectors.models.saliency_iqa.backbones import MobileNetV2

NORM_EPSILON = 1e-3
NORM_MOMENTUM = 0.01
"""Keras's 0.99 is the share that stays; PyTorch's momentum is the share that goes."""
STEM = 64
VGG16_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Channels and 3 x 3 convolutions before each pooling: Simonyan & Zisserman 2015, configuration D."""


@dataclass(frozen=True, slots=True)
class BottleneckStage:
    """Inner and output channels, blocks, stride of the first block, dilation of every 3 x 3 convolution."""

    inner: int
    outputs: int
    blocks: int
    stride: int
    dilation: int = 1


RESNET50_STAGES = (
    BottleneckStage(64, 256, 3, 1),
    BottleneckStage(128, 512, 4, 2),
    BottleneckStage(256, 1024, 6, 2),
    BottleneckStage(512, 2048, 3, 2),
)
"""He et al. 2016, Table 1."""


def convolution_with_norm(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, dilation: int = 1, bias: bool = True
) -> nn.Sequential:
    """A convolution that keeps the size (over `stride`), and its batch norm as in Keras."""
    padding = dilation * (kernel - 1) // 2
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=bias)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs, eps=NORM_EPSILON, momentum=NORM_MOMENTUM))


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1 added to the input or its projection (He et al. 2016, Fig. 5), the stride on the first."""

    def __init__(self, inputs: int, stage: BottleneckStage, *, first: bool, bias: bool) -> None:
        """The `first` block of a stage has its stride and projects its input."""
        super().__init__()
        stride = stage.stride if first else 1
        self.residual = nn.Sequential(
            convolution_with_norm(inputs, stage.inner, 1, stride=stride, bias=bias),
            nn.ReLU(inplace=True),
            convolution_with_norm(stage.inner, stage.inner, 3, dilation=stage.dilation, bias=bias),
            nn.ReLU(inplace=True),
            convolution_with_norm(stage.inner, stage.outputs, 1, bias=bias),
        )
        self.shortcut = (
            convolution_with_norm(inputs, stage.outputs, 1, stride=stride, bias=bias) if first else nn.Identity()
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return (N, outputs, H/stride, W/stride), not below 0, of maps (N, inputs, H, W)."""
        added: Tensor = self.residual(maps) + self.shortcut(maps)
        return added.relu_()


def bottlenecks(stages: Sequence[BottleneckStage], *, bias: bool) -> nn.Sequential:
    """The blocks of all stages in order, from 64 channels on."""
    blocks: list[nn.Module] = []
    inputs = STEM
    for stage in stages:
        for index in range(stage.blocks):
            blocks.append(Bottleneck(inputs, stage, first=index == 0, bias=bias))
            inputs = stage.outputs
    return nn.Sequential(*blocks)


class ResNet50(nn.Module):
    """He et al. 2016 as in Keras, without the classifier: 23.53 M parameters."""

    channels = 2048

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            convolution_with_norm(3, STEM, 7, stride=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2, padding=1)
        )
        self.blocks = bottlenecks(RESNET50_STAGES, bias=True)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (N, channels, H/32, W/32) of BGR pictures (N, 3, H, W), see `subtract_caffe_means`."""
        maps: Tensor = self.blocks(self.stem(pictures))
        return maps


class Vgg16(nn.Module):
    """Simonyan & Zisserman 2015, configuration D, without the classifier: 14.71 M parameters."""

    channels = 512

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for outputs, repeats in VGG16_STAGES:
            for _ in range(repeats):
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
                inputs = outputs
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (N, channels, H/32, W/32) of BGR pictures (N, 3, H, W), see `subtract_caffe_means`."""
        maps: Tensor = self.features(pictures)
        return maps


BACKBONES: Mapping[str, Callable[[], ResNet50 | Vgg16 | MobileNetV2]] = MappingProxyType(
    {"resnet50": ResNet50, "vgg16": Vgg16, "mobilenet_v2": MobileNetV2}
)

MEAN_BGR = (103.939, 116.779, 123.68)


def subtract_caffe_means(rgb: Tensor) -> Tensor:
    """RGB (N, 3, H, W) in [0, 1] to BGR of 0 to 255 less ImageNet's means."""
    mean = torch.tensor(MEAN_BGR, dtype=rgb.dtype, device=rgb.device).view(1, 3, 1, 1)
    return rgb.flip(1) * 255 - mean
