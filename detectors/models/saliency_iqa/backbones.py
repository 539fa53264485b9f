"""Feature extractors of the saliency IQA branches, named and laid out so that the public ImageNet weights load.

MobileNetV2: Sandler et al. 2018, Table 2. ResNet18: He et al. 2016, Table 1. EfficientNet-Lite: Tan and Le 2019,
Table 1, without squeeze and excitation, with ReLU6, its stem and head as wide at every scale. All take (N, 3, H, W),
ImageNet normalised, H and W at least 32, and return (N, channels, H/32, W/32), the map before global average pooling.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType

from torch import Tensor, nn

INVERTED_RESIDUALS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, output channels, repeats, first stride: Sandler et al. 2018, Table 2."""

EFFICIENT_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
"""Expansion, output channels, repeats, first stride, kernel: Tan and Le 2019, Table 1 (B0), which Lite0 keeps."""


def convolution(inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution that keeps the size (over `stride`) and its batch norm."""
    padding = (kernel - 1) // 2
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; the input is added where the shapes agree (Sandler et al. 2018, Fig. 3)."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, expansion: int, kernel: int = 3) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers.append(nn.Sequential(*convolution(inputs, hidden, 1), nn.ReLU6(inplace=True)))
        layers.append(nn.Sequential(*convolution(hidden, hidden, kernel, stride=stride, groups=hidden), nn.ReLU6(True)))
        self.conv = nn.Sequential(*layers, *convolution(hidden, outputs, 1))
        self.adds_input = stride == 1 and inputs == outputs

    def forward(self, maps: Tensor) -> Tensor:
        """Return (N, outputs, H/stride, W/stride) of maps (N, inputs, H, W); sizes round up."""
        filtered: Tensor = self.conv(maps)
        return maps + filtered if self.adds_input else filtered


class MobileNetV2(nn.Module):
    """Sandler et al. 2018 without the classifier: 2.22 M parameters, 0.30 GMACs at 224 x 224."""

    channels = 1280

    def __init__(self) -> None:
        super().__init__()
        self.features = _inverted_residuals(((*stage, 3) for stage in INVERTED_RESIDUALS), self.channels)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (N, channels, H/32, W/32) of pictures (N, 3, H, W) in ImageNet normalisation; sizes round up."""
        maps: Tensor = self.features(pictures)
        return maps


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite without the classifier; Lite0 has 3.4 M parameters, Lite2 4.8 M.

    Convolutions of stride 2 pad both sides where the published network pads one: the same on a picture moved by a few
    pixels.
    """

    channels = 1280

    def __init__(self, width: float, depth: float) -> None:
        """`width` and `depth` scale the stages' channels and repeats: 1 and 1 for Lite0, 1.1 and 1.2 for Lite2."""
        super().__init__()
        last = len(EFFICIENT_STAGES) - 1
        stages = (
            (
                expansion,
                _round_to_eights(channels * width),
                repeats if number in (0, last) else math.ceil(repeats * depth),
                stride,
                kernel,
            )
            for number, (expansion, channels, repeats, stride, kernel) in enumerate(EFFICIENT_STAGES)
        )
        self.features = _inverted_residuals(stages, self.channels)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (N, channels, H/32, W/32) of pictures (N, 3, H, W) in ImageNet normalisation; sizes round up."""
        maps: Tensor = self.features(pictures)
        return maps


def _inverted_residuals(stages: Iterable[tuple[int, int, int, int, int]], channels: int) -> nn.Sequential:
    """Stem of 32, stages of (expansion, outputs, repeats, first stride, kernel), and a last layer of `channels`."""
    blocks: list[nn.Module] = [nn.Sequential(*convolution(3, 32, 3, stride=2), nn.ReLU6(inplace=True))]
    inputs = 32
    for expansion, outputs, repeats, first_stride, kernel in stages:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            blocks.append(InvertedResidual(inputs, outputs, stride=stride, expansion=expansion, kernel=kernel))
            inputs = outputs
    return nn.Sequential(*blocks, nn.Sequential(*convolution(inputs, channels, 1), nn.ReLU6(inplace=True)))


def _round_to_eights(channels: float) -> int:
    """The nearest multiple of eight, at least eight, and no more than a tenth below (Howard et al. 2019's rule)."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


class BasicBlock(nn.Module):
    """Two 3x3 convolutions added to their input (He et al. 2016, Fig. 2)."""

    def __init__(self, inputs: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolution(inputs, outputs, 3, stride=stride)
        self.conv2, self.bn2 = convolution(outputs, outputs, 3)
        self.relu = nn.ReLU(inplace=True)
        same = stride == 1 and inputs == outputs
        self.downsample = None if same else nn.Sequential(*convolution(inputs, outputs, 1, stride=stride))

    def forward(self, maps: Tensor) -> Tensor:
        """Return (N, outputs, H/stride, W/stride), not below 0, of maps (N, inputs, H, W); sizes round up."""
        filtered = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(maps)))))
        shortcut = maps if self.downsample is None else self.downsample(maps)
        added: Tensor = self.relu(filtered + shortcut)
        return added


class ResNet18(nn.Module):
    """He et al. 2016 without the classifier: 11.18 M parameters, 1.81 GMACs at 224 x 224."""

    channels = 512

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(64, 64, stride=1)
        self.layer2 = _stage(64, 128, stride=2)
        self.layer3 = _stage(128, 256, stride=2)
        self.layer4 = _stage(256, 512, stride=2)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (N, channels, H/32, W/32) of pictures (N, 3, H, W) in ImageNet normalisation; sizes round up."""
        maps = self.maxpool(self.relu(self.bn1(self.conv1(pictures))))
        deep: Tensor = self.layer4(self.layer3(self.layer2(self.layer1(maps))))
        return deep


def _stage(inputs: int, outputs: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(BasicBlock(inputs, outputs, stride=stride), BasicBlock(outputs, outputs, stride=1))


Backbone = MobileNetV2 | ResNet18 | EfficientNetLite

BACKBONES: Mapping[str, Callable[[], Backbone]] = MappingProxyType(
    {
        "mobilenet_v2": MobileNetV2,
        "resnet18": ResNet18,
        "efficientnet_lite0": partial(EfficientNetLite, 1.0, 1.0),
        "efficientnet_lite1": partial(EfficientNetLite, 1.0, 1.1),
        "efficientnet_lite2": partial(EfficientNetLite, 1.1, 1.2),
    }
)


def normed_convolutions(network: nn.Module) -> list[tuple[str, nn.Conv2d, str, nn.BatchNorm2d]]:
    """Every convolution and the batch norm after it, each with its name; both backbones declare them in pairs."""
    layers = [(name, part) for name, part in network.named_modules() if isinstance(part, (nn.Conv2d, nn.BatchNorm2d))]
    found = []
    for (name, convolution), (norm_name, norm) in zip(layers[::2], layers[1::2], strict=True):
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        found.append((name, convolution, norm_name, norm))
    return found
