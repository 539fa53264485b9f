"""SGDNet's feature extractors before its 1 x 1 adaption: (N, 3, H, W) to (N, channels, H/32, W/32).

ResNet50 is Keras's first version, which the authors used and whose weights torchvision's are not: the stride sits on
a block's first 1 x 1 convolution, convolutions have biases, batch norms an epsilon of 1e-3. VGG16 keeps its fifth
pooling, so that the reduction is 32 as the paper says (the authors' code stops at 16).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import Tensor, nn

from detectors.saliency_iqa.backbones import MobileNetV2

NORM_EPSILON = 1e-3
RESNET50_STAGES = ((64, 256, 3, 1), (128, 512, 4, 2), (256, 1024, 6, 2), (512, 2048, 3, 2))
"""Inner channels, output channels, blocks, stride of the first: He et al. 2016, Table 1."""
VGG16_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Channels and 3 x 3 convolutions before each pooling: Simonyan & Zisserman 2015, configuration D."""


def _normed(inputs: int, outputs: int, kernel: int, *, stride: int = 1) -> nn.Sequential:
    padding = (kernel - 1) // 2
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.BatchNorm2d(outputs, eps=NORM_EPSILON))


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1 added to the input or its projection (He et al. 2016, Fig. 5), the stride on the first."""

    def __init__(self, inputs: int, inner: int, outputs: int, *, stride: int, projects: bool) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            _normed(inputs, inner, 1, stride=stride),
            nn.ReLU(inplace=True),
            _normed(inner, inner, 3),
            nn.ReLU(inplace=True),
            _normed(inner, outputs, 1),
        )
        self.shortcut = _normed(inputs, outputs, 1, stride=stride) if projects else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        added: Tensor = self.residual(maps) + self.shortcut(maps)
        return added.relu_()


class ResNet50(nn.Module):
    """He et al. 2016 as in Keras, without the classifier: 23.53 M parameters."""

    channels = 2048

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            _normed(3, 64, 7, stride=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2, padding=1)
        )
        blocks: list[nn.Module] = []
        inputs = 64
        for inner, outputs, repeats, stride in RESNET50_STAGES:
            for repeat in range(repeats):
                first = repeat == 0
                blocks.append(Bottleneck(inputs, inner, outputs, stride=stride if first else 1, projects=first))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)

    def forward(self, pictures: Tensor) -> Tensor:
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
        maps: Tensor = self.features(pictures)
        return maps


BACKBONES: Mapping[str, Callable[[], ResNet50 | Vgg16 | MobileNetV2]] = MappingProxyType(
    {"resnet50": ResNet50, "vgg16": Vgg16, "mobilenet_v2": MobileNetV2}
)
