"""Snow and stripes: what is wrong with an analogue signal before it is coded."""

from collections.abc import Mapping

from torch import Tensor

from detectors.metrics.analogue import AnalogueMetrics
from detectors.models.pictures import Pictures
from tests.oracles.functional.analogue import snow_share, stripe_strength


class AnalogueDetector:
    """Measured on every camera, judged on those behind an analogue encoder."""

    name = "analogue"
    fingerprint = "analogue-1"
    metrics = AnalogueMetrics.metrics

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics: specks at native size (they are one line high), bars on the small picture."""
        return {
            "snow_share": snow_share(pictures.luma, pictures.visible),
            "stripe_strength": stripe_strength(pictures.small_luma),
        }
