"""Black, too dark, too bright, glare: how light falls on the picture."""

from collections.abc import Mapping

from torch import Tensor

from detectors.metrics.exposure import ExposureMetrics
from detectors.models.pictures import Pictures
from tests.oracles.functional import exposure
from tests.oracles.functional.exposure import glare_share


class ExposureDetector:
    """Luma's mean, percentiles and extremes. Masked pixels do not count."""

    name = "exposure"
    fingerprint = "exposure-1"
    metrics = ExposureMetrics.metrics

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics; black is counted at native size, the rest on the small picture."""
        small, seen = pictures.small_luma, pictures.small_visible
        percentiles = exposure.luma_percentiles(small, (0.05, 0.95), seen)
        return {
            "luma_mean": exposure.luma_mean(small, seen),
            "luma_p05": percentiles[:, 0],
            "luma_p95": percentiles[:, 1],
            "black_share": exposure.black_share(pictures.luma, pictures.visible),
            "clipped_share": exposure.clipped_share(small, seen),
            "glare_share": glare_share(small, seen),
        }
