"""Black, too dark, too bright, glare: how light falls on the picture."""

from collections.abc import Mapping

from torch import Tensor

from detectors.metrics.specs import lower_is_better, neutral_metric
from detectors.models.pictures import Pictures
from tests.oracles.functional import exposure
from tests.oracles.functional.exposure import glare_share


class ExposureDetector:
    """Luma's mean, percentiles and extremes. Masked pixels do not count."""

    name = "exposure"
    fingerprint = "exposure-1"
    metrics = (
        neutral_metric("luma_mean", "brightness", "share of white", (0, 1), "mean luma"),
        neutral_metric("luma_p05", "darkest twentieth", "share of white", (0, 1), "5th percentile of luma"),
        neutral_metric("luma_p95", "brightest twentieth", "share of white", (0, 1), "95th percentile of luma"),
        lower_is_better("black_share", "black pixels", "share", (0, 1), "FFmpeg vf_blackdetect"),
        lower_is_better("clipped_share", "burnt-out pixels", "share", (0, 1), "ours"),
        lower_is_better("glare_share", "burnt-out discs", "share", (0, 1), "ours"),
    )

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
