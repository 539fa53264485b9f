"""Colour cast, a stuck infrared filter, and whether there is colour at all."""

from collections.abc import Mapping

import torch
from torch import Tensor

from detectors.base import Pictures
from detectors.faults.meaning import cue, lower_is_better
from detectors.functional import chroma
from detectors.functional.exposure import luma_mean

_UNIT = "chroma, share of full range"


class Colour:
    """Chroma as a whole. All is NaN where the stream carries no colour. Masked pixels do not count."""

    name = "colour"
    fingerprint = "colour-1"
    metrics = (
        cue("saturation", "colourfulness", _UNIT, (0, 0.71), "mean √(Cb²+Cr²)"),
        lower_is_better("cast", "lean of the colours", _UNIT, (0, 0.71), "|mean (Cb, Cr)|"),
        cue("lean_blue", "lean to blue", "share of luma", (-5, 5), "mean Cb / (mean Y + 0.1)"),
        cue("lean_red", "lean to red", "share of luma", (-5, 5), "mean Cr / (mean Y + 0.1)"),
        lower_is_better("magenta", "magenta all over", "share of luma", (-1, 1), "ours"),
    )

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics, measured on chroma reduced to 320."""
        colours = pictures.small_chroma
        if colours is None:
            nothing = pictures.luma.new_full((len(pictures),), torch.nan)
            return dict.fromkeys((spec.key for spec in self.metrics), nothing)
        seen = pictures.small_visible
        mean = chroma.mean_chroma(colours, seen)
        lean = mean / (luma_mean(pictures.small_luma, seen)[:, None] + 0.1)
        return {
            "saturation": chroma.saturation(colours, seen),
            "cast": mean.square().sum(dim=1).sqrt(),
            "lean_blue": lean[:, 0],
            "lean_red": lean[:, 1],
            "magenta": chroma.magenta(pictures.small_luma, colours, pictures.matrix, seen),
        }
