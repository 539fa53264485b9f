"""The no-reference networks: the paper's small AlexNet (section 5.1), and a short MobileNetV2 that learns faster."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

from detectors.models.saliency_iqa.backbones import MobileNetV2
from detectors.models.saliency_iqa.network import normalise_imagenet

PATCH_SIDE = 224
TRUNK_BLOCKS = 14
"""MobileNetV2's stem and inverted residuals down to stride 16, 96 channels: compression and weather are low-level."""
TAPS = (1, 3, 6, 10, 13)
"""After which blocks the maps' statistics are taken: 16, 24, 32, 64 and 96 channels."""
STATISTICS = 2 * (16 + 24 + 32 + 64 + 96)
SHALLOW_BLOCKS = 7
"""The stem and the inverted residuals down to stride 8."""
STRIDE = 8
MAP_CHANNELS = 32
"""Stride and channels of the maps after these."""
SHALLOW_STATISTICS = 2 * (16 + 24 + 32)


class PaperRegressor(nn.Module):
    """Five convolutions and four fully connected layers on 224 x 224 patches, after AlexNet; never pretrained.

    The paper gives no widths: half of AlexNet's convolutions and FC 256, 128, 64, 1 are ours, 2.1 M parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_convolution(3, 48, 11, stride=4, padding=2),
            nn.MaxPool2d(3, stride=2),
            *_convolution(48, 128, 5, padding=2),
            nn.MaxPool2d(3, stride=2),
            *_convolution(128, 192, 3, padding=1),
            *_convolution(192, 192, 3, padding=1),
            *_convolution(192, 128, 3, padding=1),
            nn.MaxPool2d(3, stride=2),
        )
        self.head = nn.Sequential(
            nn.Flatten(),
            *(nn.Linear(128 * 6 * 6, 256), nn.ReLU(inplace=True)),
            *(nn.Linear(256, 128), nn.ReLU(inplace=True)),
            *(nn.Linear(128, 64), nn.ReLU(inplace=True)),
            nn.Linear(64, 1),
        )

    def start_at(self, label: float) -> None:
        """Let an untrained network answer about `label` from its first step on."""
        last = self.head[-1]
        assert isinstance(last, nn.Linear)
        nn.init.constant_(last.bias, label)

    def activations(self, pictures: Tensor) -> Tensor:
        """The first convolution's maps (N, 48, h, w) of RGB (N, 3, H, W) in [0, 1], before its ReLU."""
        maps: Tensor = self.features[0](normalise_imagenet(pictures))
        return maps

    def forward(self, patches: Tensor) -> Tensor:
        """(N,) on the scale of the labels, of RGB (N, 3, 224, 224) in [0, 1]."""
        quality: Tensor = self.head(self.features(normalise_imagenet(patches)))
        return quality.squeeze(1)


class MobileRegressor(nn.Module):
    """MobileNetV2 down to stride 16; mean and deviation of its maps at five depths; two layers: 0.57 M parameters.

    The shallow maps tell noise, blur and blocking, the deep ones whether objects still look like objects. Takes any
    size from 32 x 32 on.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.trunk = MobileNetV2().features[:TRUNK_BLOCKS]
        self.register_buffer("centre", torch.zeros(STATISTICS))
        self.register_buffer("spread", torch.ones(STATISTICS))
        self.head = nn.Sequential(nn.Linear(STATISTICS, 64), nn.ReLU(inplace=True), nn.Dropout(0.2), nn.Linear(64, 1))

    def activations(self, pictures: Tensor) -> Tensor:
        """The first convolution's maps (N, 32, h, w) of RGB (N, 3, H, W) in [0, 1], before its ReLU."""
        stem = self.trunk[0]
        assert isinstance(stem, nn.Sequential)
        maps: Tensor = stem[0](normalise_imagenet(pictures).to(next(stem.parameters()).dtype))
        return maps.to(pictures.dtype)

    def statistics(self, pictures: Tensor) -> Tensor:
        """(N, 464) mean and deviation over each map at the five depths, of RGB (N, 3, H, W) in [0, 1]."""
        return statistics(self.trunk, normalise_imagenet(pictures).to(next(self.trunk.parameters()).dtype)).to(
            pictures.dtype
        )

    def answer(self, statistics: Tensor) -> Tensor:
        """(N,) on the scale of the labels, of statistics (N, 464)."""
        answer: Tensor = self.head((statistics - self.centre) / self.spread)
        return answer.squeeze(1)

    def forward(self, patches: Tensor) -> Tensor:
        """(N,) on the scale of the labels, of RGB (N, 3, H, W) in [0, 1]."""
        return self.answer(self.statistics(patches))


def statistics(trunk: nn.Sequential, pictures: Tensor) -> Tensor:
    """`MobileRegressor.statistics` of a trunk and normalised RGB (N, 3, H, W).

    The trunk may be of lower precision; the sums over a map's places are not.
    """
    return _statistics_and_maps(trunk, pictures, 0)[0]


def shallow_features(blocks: nn.Sequential, pictures: Tensor) -> Tensor:
    """Of the trunk's first `SHALLOW_BLOCKS`: statistics (N, 144) and behind them the maps, flat: (N, 144 + 32 h w)."""
    found, maps = _statistics_and_maps(blocks, pictures, 0)
    return torch.cat([found, maps.float().flatten(1)], dim=1)


def deep_statistics(blocks: nn.Sequential, maps: Tensor) -> Tensor:
    """The part of `statistics` (N, 320) behind the trunk's first `SHALLOW_BLOCKS`, of their maps (N, 32, h, w)."""
    return _statistics_and_maps(blocks, maps, SHALLOW_BLOCKS)[0]


def _statistics_and_maps(blocks: nn.Sequential, maps: Tensor, first: int) -> tuple[Tensor, Tensor]:
    parts = []
    for index, block in enumerate(blocks, first):
        maps = block(maps)
        if index in TAPS:
            deviation, mean = torch.std_mean(maps.float(), dim=(2, 3), correction=0)
            parts += [mean, deviation]
    return torch.cat(parts, dim=1), maps


def _convolution(inputs: int, outputs: int, kernel: int, *, stride: int = 1, padding: int = 0) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU(inplace=True)]


NETWORKS: Mapping[str, Callable[[], PaperRegressor | MobileRegressor]] = MappingProxyType(
    {"paper": PaperRegressor, "mobile": MobileRegressor}
)
"""By the name that weights files use."""
