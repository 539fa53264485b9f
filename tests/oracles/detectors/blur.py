"""Blur and defocus: how wide edges are, and how much detail a second blur takes away."""

from collections.abc import Mapping

from torch import Tensor

from detectors.metrics.specs import higher_is_better, lower_is_better
from detectors.models.pictures import Pictures
from tests.oracles.functional.sharpness import edge_widths, sharpness


class BlurDetector:
    """Two independent measures: noise makes edges look narrow to one, fog leaves the other alone."""

    name = "blur"
    fingerprint = "blur-1"
    metrics = (
        lower_is_better("edge_width", "width of edges", "px", (0, 100), "Marziliano 2002, as FFmpeg vf_blurdetect"),
        higher_is_better("sharpness", "sharpness", "share", (0, 1), "1 - blur effect, Crete 2007"),
    )

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics: edge width at native size, sharpness on the small picture."""
        return {
            "edge_width": edge_widths(pictures.luma, pictures.visible),
            "sharpness": sharpness(pictures.small_luma, pictures.small_visible),
        }
