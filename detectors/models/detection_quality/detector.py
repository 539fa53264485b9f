"""What compression cost an object detector, predicted from the compressed picture alone."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from detectors.models import weights
from detectors.models.detection_quality.networks import NETWORKS, MobileRegressor, PaperRegressor
from detectors.models.detection_quality.patches import DRAWS, corners, cut_patches, density
from detectors.models.pictures import Pictures
from detectors.models.runtime import fast_precision, name_arithmetic
from detectors.models.saliency_iqa.detector import fuse_batch_norms
from detectors.models.weights import WeightsFile, WeightsUnavailable
from domain.metrics import Direction, MetricSpec

MODEL = "detection_quality"
SMALLEST_SIDE = 32

DETECTION_LOSS = MetricSpec(
    key="detection_loss",
    label="lost to compression, for detection",
    unit="ratio, 1 = nothing lost",
    low=0.0,
    high=100.0,
    direction=Direction.LOWER_IS_BETTER,
    source="Beniwal et al., VISAPP 2022, section 5, trained as weights/detection_quality.md says",
)


class DetectionQualityDetector:
    """The no-reference regressor on two patches of each picture; stateless, the same score alone and in any batch.

    NaN where a side is under 32 pixels.
    """

    name = MODEL
    metrics = (DETECTION_LOSS,)

    def __init__(
        self,
        network: PaperRegressor | MobileRegressor,
        fingerprint: str,
        *,
        precision: torch.dtype = torch.float32,
    ) -> None:
        """`network` predicts the logarithm of the DCT metric. `precision` is that of a MobileNetV2's trunk."""
        self.fingerprint = fingerprint
        self._network = network.eval().to(memory_format=torch.channels_last)
        if isinstance(network, MobileRegressor):
            fuse_batch_norms(network.trunk).to(precision)

    @torch.inference_mode()
    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return `detection_loss` (N,) float32: the DCT metric that this picture would get against its original."""
        rgb = pictures.rgb
        if min(rgb.shape[-2:]) < SMALLEST_SIDE:
            return {DETECTION_LOSS.key: rgb.new_full((len(pictures),), float("nan"))}
        self._network.to(rgb.device)
        small = pictures.small_rgb if min(pictures.small_rgb.shape[-2:]) >= SMALLEST_SIDE else rgb
        places = corners(density(self._network.activations(small), pictures.visible), rgb.shape[-2], rgb.shape[-1])
        logarithms: Tensor = self._network(cut_patches(rgb, places)).float()
        losses = logarithms.view(-1, len(DRAWS)).mean(dim=1).exp()
        return {DETECTION_LOSS.key: losses.clamp(DETECTION_LOSS.low, DETECTION_LOSS.high)}


def load_detection_quality(explicit: Path | None = None, downloads: Path | None = None) -> DetectionQualityDetector:
    """The detector with the operator's, the bundled or the downloaded weights; raises WeightsUnavailable without."""
    return from_weights(
        weights.locate_weights(MODEL, explicit=explicit, downloads=downloads), precision=fast_precision()
    )


def from_weights(file: WeightsFile, *, precision: torch.dtype = torch.float32) -> DetectionQualityDetector:
    """The detector that a weights file describes: its notes name the `network`, one of `NETWORKS`.

    Raises WeightsUnavailable where they name something else, or the tensors do not fit.
    """
    tensors, notes = weights.read_weights(file.path)
    name = notes.get("network", "")
    if name not in NETWORKS:
        raise WeightsUnavailable(f"{file.path} is for the network {name!r}, which this version does not know")
    network = NETWORKS[name]()
    weights.load_into(network, tensors, file.path)
    fingerprint = file.fingerprint + name_arithmetic(precision, translated=False)
    return DetectionQualityDetector(network, fingerprint, precision=precision)
