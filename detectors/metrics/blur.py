"""Blur and defocus: how wide edges are, and how much detail a second blur takes away."""

from collections.abc import Mapping

from detectors.metrics.functional.edges import edge_width
from detectors.metrics.functional.sharpness import sharpness
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.specs import higher_is_better, lower_is_better


class BlurMetrics:
    """Two independent measures: noise makes edges look narrow to one, fog leaves the other alone."""

    name = "blur"
    fingerprint = "blur-3"
    metrics = (
        lower_is_better("edge_width", "width of edges", "px", (0, 100), "Marziliano 2002, as FFmpeg vf_blurdetect"),
        higher_is_better("sharpness", "sharpness", "share", (0, 1), "1 - blur effect, Crete 2007"),
    )

    def measure(self, picture: DecodedPicture) -> Mapping[str, float]:
        """Return the metrics: edge width at native size, sharpness on the reduced picture."""
        return {
            "edge_width": edge_width(picture),
            "sharpness": sharpness(picture.reduced_luma, picture.reduced_visible),
        }
