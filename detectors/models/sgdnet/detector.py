"""SGDNet as a detector: the picture's quality as people would judge it, 0 to 100, from weights given or bundled."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from detectors.models import weights
from detectors.models.pictures import Pictures
from detectors.models.runtime import fast_precision, name_arithmetic
from detectors.models.saliency_iqa.detector import fuse_batch_norms
from detectors.models.sgdnet.backbones import BACKBONES, Vgg16
from detectors.models.sgdnet.network import Guidance, SgdNet, SgdNetVariant
from detectors.models.sgdnet.teachers import Teacher, make_teacher
from detectors.models.weights import WeightsFile, WeightsUnavailable
from domain.errors import ConfigError
from domain.metrics import Direction, MetricSpec

MODEL = "sgdnet"
SIZE = (384, 512)
"""Height and width to which KonIQ-10k's pictures are squashed (section 4.3); those of any other size are too."""
SMALLEST_SIDE = 64
"""Below this a picture would be enlarged more than sixfold: its quality as people see it is not assessable."""
REDUCTION = 32
LABELS = (1.0, 5.0)
"""Worst and best of the five-point opinions that the network is trained on, as in KonIQ-10k."""

SGDNET_QUALITY = MetricSpec(
    key="sgdnet_quality",
    label="image quality (SGDNet)",
    unit="0-100, mean opinion",
    low=0.0,
    high=100.0,
    direction=Direction.HIGHER_IS_BETTER,
    source="SGDNet, Yang et al. 2019 (ACM Multimedia)",
)


class SgdNetDetector:
    """SGDNet; stateless, and the same picture scores the same alone and in any batch.

    Masked areas are seen like all others. NaN where a side is under 64 pixels.
    """

    name = MODEL
    metrics = (SGDNET_QUALITY,)

    def __init__(
        self,
        network: SgdNet,
        fingerprint: str,
        *,
        guide: Teacher | None = None,
        size: tuple[int, int] = SIZE,
        precision: torch.dtype = torch.float32,
    ) -> None:
        """`network` answers on five points; it is put into evaluation mode and its norms are fused.

        `size` (H, W) is what pictures are squashed to, multiples of 32 for a direct variant. `guide` gives a direct
        variant its maps, and only that. `precision` is the backbone's; attention, pooling and dense layers stay in
        single precision. Raises ValueError where a guide is missing or not wanted.
        """
        if (guide is not None) != (network.variant.guidance is Guidance.DIRECT):
            raise ValueError("a guide is given exactly where guidance is direct")
        self.fingerprint = fingerprint
        self._network = network.eval().to(memory_format=torch.channels_last)
        if not isinstance(network.backbone, Vgg16):
            fuse_batch_norms(network.backbone)
        network.backbone.to(precision)
        self._guide = guide
        self._size = size

    @torch.inference_mode()
    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return `sgdnet_quality` (N,) float32, 0 to 100."""
        rgb = pictures.rgb
        if min(rgb.shape[-2:]) < SMALLEST_SIDE:
            return {SGDNET_QUALITY.key: rgb.new_full((len(pictures),), float("nan"))}
        self._network.to(rgb.device)
        given = None
        if self._guide is not None:
            given = self._guide.maps(pictures.small_rgb, (), (self._size[0] // REDUCTION, self._size[1] // REDUCTION))
        opinion = self._network(squash_picture(rgb, self._size), given).quality.float()
        worst, best = LABELS
        share = (opinion - worst) / (best - worst)
        return {SGDNET_QUALITY.key: (100 * share).clamp(SGDNET_QUALITY.low, SGDNET_QUALITY.high)}


def squash_picture(rgb: Tensor, size: tuple[int, int] = SIZE) -> Tensor:
    """RGB (N, 3, H, W) as (N, 3, *size), antialiased bilinear, the aspect not kept; channels last in memory."""
    small = interpolate(rgb, size=size, mode="bilinear", antialias=True)
    return small.contiguous(memory_format=torch.channels_last)


def load_sgdnet(
    explicit: Path | None = None, downloads: Path | None = None, *, teacher_path: Path | None = None
) -> SgdNetDetector:
    """The detector with the operator's, the bundled or the downloaded weights; raises WeightsUnavailable without.

    `teacher_path` is DINet's weights, for a direct variant that was trained with it.
    """
    file = weights.locate_weights(MODEL, explicit=explicit, downloads=downloads)
    return from_weights(file, precision=fast_precision(), teacher_path=teacher_path)


def from_weights(
    file: WeightsFile, *, precision: torch.dtype = torch.float32, teacher_path: Path | None = None
) -> SgdNetDetector:
    """The detector that a weights file describes by its notes (see `make_notes`).

    A direct variant needs its teacher in use too: `teacher_path` is DINet's weights. Raises WeightsUnavailable where
    the notes name something else, or the tensors do not fit.
    """
    tensors, notes = weights.read_weights(file.path)
    variant, size = parse_notes(notes, file.path)
    network = SgdNet(variant)
    weights.load_into(network, tensors, file.path)
    guide = None
    if variant.guidance is Guidance.DIRECT:
        try:
            guide = make_teacher(notes["teacher"], teacher_path)
        except (KeyError, ConfigError) as error:
            raise WeightsUnavailable(f"{file.path} needs its saliency teacher in use too: {error}") from error
    fingerprint = file.fingerprint + name_arithmetic(precision, translated=False)
    return SgdNetDetector(network, fingerprint, guide=guide, size=size, precision=precision)


def parse_notes(notes: Mapping[str, str], path: Path) -> tuple[SgdNetVariant, tuple[int, int]]:
    """The variant and the squashed size that a file's notes describe; WeightsUnavailable where they describe none."""
    try:
        backbone, guidance = notes["backbone"], Guidance(notes["guidance"])
        attention = {"yes": True, "no": False}[notes["channel_attention"]]
        size = (int(notes["height"]), int(notes["width"]))
    except (KeyError, ValueError) as error:
        raise WeightsUnavailable(f"{path} does not say which SGDNet it is for: {error}; export it again") from error
    if backbone not in BACKBONES:
        raise WeightsUnavailable(f"{path} is for {backbone}, which this version does not know")
    if min(size) < REDUCTION:
        raise WeightsUnavailable(f"{path} is for pictures of {size[0]} x {size[1]}, which no SGDNet can see")
    return SgdNetVariant(backbone, guidance, attention), size


def make_notes(variant: SgdNetVariant, teacher_name: str, size: tuple[int, int] = SIZE) -> dict[str, str]:
    """What a weights file says of itself, for `parse_notes` to read."""
    return {
        "backbone": variant.backbone,
        "guidance": variant.guidance.value,
        "channel_attention": "yes" if variant.channel_attention else "no",
        "teacher": teacher_name,
        "height": str(size[0]),
        "width": str(size[1]),
    }
