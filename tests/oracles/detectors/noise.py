"""Noise of the sensor, over all of the picture and where it is flat."""

from collections.abc import Mapping

from torch import Tensor

from detectors.metrics.noise import NoiseMetrics
from detectors.models.pictures import Pictures
from tests.oracles.functional import noise


class NoiseDetector:
    """Immerkær's estimate at native size, since resizing averages noise away. Masked pixels do not count."""

    name = "noise"
    fingerprint = "noise-1"
    metrics = NoiseMetrics.metrics

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics; NaN under 3 pixels."""
        if min(pictures.luma.shape[-2:]) < 3:
            nothing = pictures.luma.new_full((len(pictures),), float("nan"))
            return {"noise_sigma": nothing, "noise_floor": nothing}
        response = noise.noise_response(pictures.luma)
        return {
            "noise_sigma": noise.noise_sigma(response, pictures.visible),
            "noise_floor": noise.noise_floor(response, pictures.luma, pictures.visible),
        }
