"""Feature extractors of the three facial views, each giving a map a stage from fine to coarse.

EdgeNeXt (Maaz et al. 2022) in three sizes, and the others of SFIQA Table V, come from timm without weights: a weights
file brings all of them. MobileNetV4 has five stages, the first at stride 2: the paper's N_s "follows the stage
configuration of the selected backbone". MobileNetV2 is ours, because an ImageNet start for it can be had offline.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor, nn

from detectors.models.saliency_iqa.backbones import MobileNetV2


@dataclass(frozen=True, slots=True)
class FaceBackbone:
    """How to make one, and the channels of its maps: one a stage, at strides 4, 8, 16 and 32 where there are four."""

    make: Callable[[], nn.Module]
    channels: tuple[int, ...]


class MobileNetV2Stages(nn.Module):
    """MobileNetV2 up to its 160-channel blocks (Sandler et al. 2018, Table 2): 1.34 M parameters.

    Ours: the last inverted residual and the widening convolution, 40 % of the parameters, are left out.
    """

    STAGES = (4, 7, 14, 17)
    """Blocks after which a map is taken: 24, 32, 96 and 160 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(*list(MobileNetV2().features)[: self.STAGES[-1]])

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return maps at strides 4, 8, 16 and 32 of pictures (N, 3, H, W) in ImageNet normalisation, largest first."""
        maps, found = pictures, []
        for index, block in enumerate(self.features, start=1):
            maps = block(maps)
            if index in self.STAGES:
                found.append(maps)
        return found


def _from_timm(name: str, channels: tuple[int, ...]) -> FaceBackbone:
    stages = tuple(range(len(channels)))

    def make() -> nn.Module:
        import timm  # noqa: PLC0415  takes seconds, and most processes judge no faces

        return timm.create_model(name, pretrained=False, features_only=True, out_indices=stages)

    return FaceBackbone(make, channels)


BACKBONES: Mapping[str, FaceBackbone] = MappingProxyType(
    {
        "edgenext_small": _from_timm("edgenext_small", (48, 96, 160, 304)),
        "edgenext_x_small": _from_timm("edgenext_x_small", (32, 64, 100, 192)),
        "edgenext_xx_small": _from_timm("edgenext_xx_small", (24, 48, 88, 168)),
        "mobilenetv4_conv_medium": _from_timm("mobilenetv4_conv_medium", (32, 48, 80, 160, 960)),
        "efficientformerv2_s1": _from_timm("efficientformerv2_s1", (32, 48, 120, 224)),
        "repvit_m1": _from_timm("repvit_m1", (48, 96, 192, 384)),
        "repvit_m1_0": _from_timm("repvit_m1_0", (56, 112, 224, 448)),
        "mobilenet_v2": FaceBackbone(MobileNetV2Stages, (24, 32, 96, 160)),
    }
)
"""By name; every one but MobileNetV2 is timm's."""
