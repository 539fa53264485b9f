"""torchvision's four Faster R-CNNs and ours: how each is built, and how an official weights file is known.

An official file's name ends in the first eight hexadecimal digits of its SHA-256; those are all that torchvision
publishes, so they are what is checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import nn

from detectors.models.faster_rcnn import mobilenet_v2_fpn

DOWNLOADS_FROM = "https://download.pytorch.org/models/"
CLASSES = 91
"""COCO's numbering with its gaps; 0 is the background."""


@dataclass(frozen=True, slots=True)
class FasterRcnnVariant:
    """One of the four, by the name of torchvision's function.

    `ap` is COCO's box AP in per cent; `gflops` at 800 x 1066 or 320 x 426; both as torchvision says.
    """

    name: str
    file: str
    sha256_prefix: str
    ap: float
    gflops: float
    frozen_norms: bool = True
    norm_epsilon: float = 1e-5
    groups: tuple[str, ...] = ("person", "vehicle", "animal", "bag")
    """Kinds of objects that it was taught; of others it knows nothing."""

    @property
    def url(self) -> str:
        return DOWNLOADS_FROM + self.file


VARIANTS: Mapping[str, FasterRcnnVariant] = MappingProxyType(
    {
        variant.name: variant
        for variant in (
            FasterRcnnVariant(
                "fasterrcnn_mobilenet_v3_large_320_fpn",
                "fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9.pth",
                "907ea3f9",
                ap=22.8,
                gflops=0.719,
            ),
            FasterRcnnVariant(
                "fasterrcnn_mobilenet_v3_large_fpn",
                "fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7.pth",
                "fb6a3cc7",
                ap=32.8,
                gflops=4.494,
            ),
            FasterRcnnVariant(
                "fasterrcnn_resnet50_fpn",
                "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth",
                "258fb6c6",
                ap=37.0,
                gflops=134.38,
                norm_epsilon=0.0,
            ),
            FasterRcnnVariant(
                "fasterrcnn_resnet50_fpn_v2",
                "fasterrcnn_resnet50_fpn_v2_coco-dd69338a.pth",
                "dd69338a",
                ap=46.7,
                gflops=280.371,
                frozen_norms=False,
            ),
        )
    }
)
"""By name; the first is the default: on a CPU a tenth of a second a picture, the others five times that or more."""
DEFAULT_VARIANT = "fasterrcnn_mobilenet_v3_large_320_fpn"
OWN_VARIANT = FasterRcnnVariant(
    mobilenet_v2_fpn.NAME, "", "", ap=float("nan"), gflops=2.6, groups=("person", "vehicle")
)
"""Trained here on boxes that YOLOX-nano gives; no official file, and no figure on COCO."""


def build_network(variant: FasterRcnnVariant) -> nn.Module:
    """The network without weights, in evaluation mode, shaped like the official file.

    torchvision freezes the backbone's batch norms in three of the four, and only where it loads weights itself; the
    first of them was trained with an epsilon of 0. Both are repeated here, else the same weights answer differently.
    """
    if variant is OWN_VARIANT:
        return mobilenet_v2_fpn.build_mobilenet_v2_fpn().eval()
    from torchvision.models import detection  # noqa: PLC0415 - takes a second, which no other command should wait
    from torchvision.ops.misc import FrozenBatchNorm2d  # noqa: PLC0415

    network: nn.Module = getattr(detection, variant.name)(weights=None, weights_backbone=None, num_classes=CLASSES)
    if variant.frozen_norms:
        norms = [(name, part) for name, part in network.named_modules() if isinstance(part, nn.BatchNorm2d)]
        for name, norm in norms:
            network.set_submodule(name, FrozenBatchNorm2d(norm.num_features, eps=variant.norm_epsilon))
    return network.eval()
