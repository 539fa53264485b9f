"""What is wrong with this picture, without a past: calibrated probabilities for sixteen kinds of fault. Ours."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor, nn

from detectors.models import weights
from detectors.models.detection_quality.detectability import SMALLEST_SIDE, resize_to_network
from detectors.models.detection_quality.networks import MAP_CHANNELS
from detectors.models.detection_quality.shared_trunk import share_trunk
from detectors.models.picture_faults.kinds import KINDS, WORDS
from detectors.models.picture_faults.network import PictureFaults, branch_statistics
from detectors.models.picture_faults.statistics import surface_statistics
from detectors.models.pictures import Pictures
from detectors.models.runtime import FeatureExtractor, fast_precision, name_arithmetic, place_on
from detectors.models.saliency_iqa.detector import fuse_batch_norms
from detectors.models.weights import WeightsFile
from domain.metrics import Direction, MetricSpec

MODEL = "picture_faults"
PREFIX = "picture_fault_"

SPECS: Mapping[str, MetricSpec] = MappingProxyType(
    {
        kind: MetricSpec(
            key=PREFIX + kind,
            label=f"picture fault: {WORDS[kind]}",
            unit="probability",
            low=0.0,
            high=1.0,
            direction=Direction.LOWER_IS_BETTER,
            source="ours, trained as weights/picture_faults.md says",
        )
        for kind in KINDS
    }
)


class PictureFaultsDetector:
    """Judges the whole picture, 416 on its longer side; the same answer alone and in any batch.

    NaN where a side is under 32 pixels, natively or reduced. Masked areas are seen.
    """

    name = MODEL
    metrics = tuple(SPECS.values())

    def __init__(self, network: PictureFaults, fingerprint: str, *, precision: torch.dtype = torch.float32) -> None:
        """`precision` is the trunk's, as detectability's, so that both share it; all else is in single precision."""
        self.fingerprint = fingerprint
        self._network = network.eval()
        self._trunk = share_trunk(fuse_batch_norms(network.trunk), precision)
        branch = nn.ModuleList([fuse_batch_norms(network.branch), network.places])
        self._branch = FeatureExtractor(branch_statistics, branch, torch.float32, channels=MAP_CHANNELS)

    @torch.inference_mode()
    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return `picture_fault_*` (N,) float32 for every kind, 0 to 1."""
        seen = resize_to_network(pictures)
        if min(*seen.shape[-2:], *pictures.luma.shape[-2:]) < SMALLEST_SIDE:
            return {spec.key: pictures.luma.new_full((len(pictures),), float("nan")) for spec in self.metrics}
        network = place_on(self._network, seen.device)
        branch = self._branch(self._trunk.maps(pictures, seen))
        statistics = torch.cat([self._trunk.statistics(pictures, seen), branch, surface_statistics(seen)], dim=1)
        probabilities = network.probabilities(statistics)
        return {SPECS[kind].key: probabilities[:, index] for index, kind in enumerate(KINDS)}


def load_picture_faults(explicit: Path | None = None, downloads: Path | None = None) -> PictureFaultsDetector:
    """The detector with the operator's, the bundled or the downloaded weights; raises WeightsUnavailable without."""
    return from_weights(
        weights.locate_weights(MODEL, explicit=explicit, downloads=downloads), precision=fast_precision()
    )


def from_weights(file: WeightsFile, *, precision: torch.dtype = torch.float32) -> PictureFaultsDetector:
    """The detector of a weights file; raises WeightsUnavailable where the tensors do not fit."""
    network = PictureFaults()
    weights.load_into(network, weights.read_weights(file.path)[0], file.path)
    return PictureFaultsDetector(network, file.fingerprint + name_arithmetic(precision), precision=precision)
