"""Detectability: the share of people and vehicles that a detector would still find here, of those it would surely find
in an undisturbed picture. Ours.

It predicts the survival of one detector's findings (YOLOX-nano's at a score of 0.6, still found at 0.4) and needs no
detector itself; other detectors lose their objects in a similar order, not at the same point.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from detectors.models import weights
from detectors.models.detection_quality.networks import MobileRegressor
from detectors.models.detection_quality.shared_trunk import share_trunk
from detectors.models.pictures import Pictures
from detectors.models.runtime import fast_precision, name_arithmetic, place_on
from detectors.models.saliency_iqa.detector import fuse_batch_norms
from detectors.models.weights import WeightsFile
from domain.metrics import Direction, MetricSpec

MODEL = "detectability"
LONGER_SIDE = 416
"""What small detectors reduce a picture to; finer noise and blur than this they do not see either."""
SMALLEST_SIDE = 32

DETECTABILITY = MetricSpec(
    key="detectability",
    label="detectability",
    unit="0-100, % of objects still found",
    low=0.0,
    high=100.0,
    direction=Direction.HIGHER_IS_BETTER,
    source="ours, trained as weights/detectability.md says",
)


class SurvivalNetwork(nn.Module):
    """The network and its calibration: share = sigmoid(a * answer + b), a and b fitted on scenes held out."""

    calibration: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.network = MobileRegressor()
        self.register_buffer("calibration", torch.tensor([1.0, 0.0]))

    def forward(self, pictures: Tensor) -> Tensor:
        """Share (N,) in [0, 1] of RGB (N, 3, H, W) in [0, 1], the longer side 416."""
        return self.share(self.network.statistics(pictures))

    def share(self, statistics: Tensor) -> Tensor:
        """Share (N,) in [0, 1] of the trunk's statistics (N, 464)."""
        return torch.sigmoid(self.calibration[0] * self.network.answer(statistics) + self.calibration[1])


class DetectabilityDetector:
    """Judges the whole reduced picture; stateless, the same score alone and in any batch.

    NaN where a side is under 32 pixels, natively or reduced to 416 on the longer side. Masked areas are seen.
    """

    name = MODEL
    metrics = (DETECTABILITY,)

    def __init__(self, network: SurvivalNetwork, fingerprint: str, *, precision: torch.dtype = torch.float32) -> None:
        """`precision` is the trunk's; pooling, head and calibration stay in single precision or better."""
        self.fingerprint = fingerprint
        self._network = network.eval()
        self._trunk = share_trunk(fuse_batch_norms(network.network.trunk), precision)

    @torch.inference_mode()
    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return `detectability` (N,) float32, 0 to 100."""
        seen = resize_to_network(pictures)
        if min(*seen.shape[-2:], *pictures.luma.shape[-2:]) < SMALLEST_SIDE:
            return {DETECTABILITY.key: pictures.luma.new_full((len(pictures),), float("nan"))}
        network = place_on(self._network, seen.device)
        return {DETECTABILITY.key: 100 * network.share(self._trunk.statistics(pictures, seen))}


def resize_to_network(pictures: Pictures) -> Tensor:
    """(N, 3, h, w) RGB in [0, 1], the longer side 416: a larger picture averaged, a smaller one enlarged."""
    return pictures.derive(f"rgb of {LONGER_SIDE}", lambda: _resize(pictures))


def _resize(pictures: Pictures) -> Tensor:
    longer = max(pictures.luma.shape[-2:])
    if longer >= LONGER_SIDE:
        return pictures.reduced_rgb(LONGER_SIDE)
    factor = LONGER_SIDE / longer
    size = [max(1, round(side * factor)) for side in pictures.rgb.shape[-2:]]
    return interpolate(pictures.rgb, size=size, mode="bilinear", align_corners=False)


def load_detectability(explicit: Path | None = None, downloads: Path | None = None) -> DetectabilityDetector:
    """The detector with the operator's, the bundled or the downloaded weights; raises WeightsUnavailable without."""
    return from_weights(
        weights.locate_weights(MODEL, explicit=explicit, downloads=downloads), precision=fast_precision()
    )


def from_weights(file: WeightsFile, *, precision: torch.dtype = torch.float32) -> DetectabilityDetector:
    """The detector of a weights file; raises WeightsUnavailable where the tensors do not fit."""
    network = SurvivalNetwork()
    weights.load_into(network, weights.read_weights(file.path)[0], file.path)
    return DetectabilityDetector(network, file.fingerprint + name_arithmetic(precision), precision=precision)
