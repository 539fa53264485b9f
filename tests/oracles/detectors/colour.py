"""Colour cast, a stuck infrared filter, and whether there is colour at all."""

from collections.abc import Mapping

import torch
from torch import Tensor

from detectors.metrics.colour import ColourMetrics
from detectors.models.pictures import Pictures
from tests.oracles.functional import colour
from tests.oracles.functional.exposure import luma_mean

_UNIT = "chroma, share of full range"


class ColourDetector:
    """Chroma as a whole. All is NaN where the stream carries no colour. Masked pixels do not count."""

    name = "colour"
    fingerprint = "colour-1"
    metrics = ColourMetrics.metrics

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics, measured on chroma reduced to 320."""
        colours = pictures.small_chroma
        if colours is None:
            nothing = pictures.luma.new_full((len(pictures),), torch.nan)
            return dict.fromkeys((spec.key for spec in self.metrics), nothing)
        seen = pictures.small_visible
        mean = colour.mean_chroma(colours, seen)
        lean = mean / (luma_mean(pictures.small_luma, seen)[:, None] + 0.1)
        return {
            "saturation": colour.saturation(colours, seen),
            "cast": mean.square().sum(dim=1).sqrt(),
            "lean_blue": lean[:, 0],
            "lean_red": lean[:, 1],
            "magenta": colour.magenta(pictures.small_luma, colours, pictures.matrix, seen),
            "purple_share": colour.purple_share(pictures.small_luma, colours, pictures.matrix, seen),
        }
