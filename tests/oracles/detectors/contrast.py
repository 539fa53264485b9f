"""Low contrast, fog, film: how far the picture reaches from dark to bright."""

from collections.abc import Mapping

from torch import Tensor

from detectors.metrics.contrast import ContrastMetrics
from detectors.models.pictures import Pictures
from tests.oracles.functional import contrast


class ContrastDetector:
    """Contrast of the whole, of its parts, and the veil over it. Masked pixels do not count."""

    name = "contrast"
    fingerprint = "contrast-1"
    metrics = ContrastMetrics.metrics

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics: RMS contrast at native size, the rest on the small picture."""
        return {
            "contrast_rms": contrast.contrast_rms(pictures.luma, pictures.visible),
            "local_contrast": contrast.local_contrast(pictures.small_luma, pictures.small_visible),
            "haze": contrast.haze(pictures.small_rgb, pictures.small_visible),
        }
