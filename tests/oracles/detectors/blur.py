"""Blur and defocus: how wide edges are, and how much detail a second blur takes away."""

from collections.abc import Mapping

from torch import Tensor

from detectors.metrics.blur import BlurMetrics
from detectors.models.pictures import Pictures
from tests.oracles.functional.sharpness import edge_widths, sharpness


class BlurDetector:
    """Two independent measures: noise makes edges look narrow to one, fog leaves the other alone."""

    name = "blur"
    fingerprint = "blur-1"
    metrics = BlurMetrics.metrics

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics: edge width at native size, sharpness on the small picture."""
        return {
            "edge_width": edge_widths(pictures.luma, pictures.visible),
            "sharpness": sharpness(pictures.small_luma, pictures.small_visible),
        }
