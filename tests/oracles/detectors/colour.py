"""Colour cast, a stuck infrared filter, and whether there is colour at all."""

from collections.abc import Mapping

import torch
from torch import Tensor

from detectors.metrics.specs import lower_is_better, neutral_metric
from detectors.models.pictures import Pictures
from tests.oracles.functional import colour
from tests.oracles.functional.exposure import luma_mean

_UNIT = "chroma, share of full range"


class ColourDetector:
    """Chroma as a whole. All is NaN where the stream carries no colour. Masked pixels do not count."""

    name = "colour"
    fingerprint = "colour-1"
    metrics = (
        neutral_metric("saturation", "colourfulness", _UNIT, (0, 0.71), "mean √(Cb²+Cr²)"),
        lower_is_better("cast", "lean of the colours", _UNIT, (0, 0.71), "|mean (Cb, Cr)|"),
        neutral_metric("lean_blue", "lean to blue", "share of luma", (-5, 5), "mean Cb / (mean Y + 0.1)"),
        neutral_metric("lean_red", "lean to red", "share of luma", (-5, 5), "mean Cr / (mean Y + 0.1)"),
        lower_is_better("magenta", "magenta all over", "share of luma", (-1, 1), "ours"),
        lower_is_better("purple_share", "purple parts of the picture", "share of blocks", (0, 1), "ours"),
    )

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
