"""How much of the view has any structure: little behind a cover, in fog, or before a bare wall."""

import math
from collections.abc import Mapping

import numpy as np

from detectors.metrics.picture.arrays import Floats
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.specs import neutral_metric

_TEXTURED = 1.0


class TextureMetrics:
    """Share of textured blocks; masked blocks do not count."""

    name = "texture"
    fingerprint = "texture-2"
    metrics = (neutral_metric("texture_share", "blocks with structure", "share", (0, 1), "ours"),)

    def measure(self, picture: DecodedPicture) -> Mapping[str, float]:
        """Return the metric, measured on the reduced picture."""
        return {"texture_share": texture_share(picture.structure)}


def texture_share(structure: Floats, *, least: float = _TEXTURED) -> float:
    """Return the share of blocks whose mean gradient exceeds `least` levels a pixel, [0, 1]; NaN if none is seen.

    `structure` is (rows, columns, channels) of `block_structure`. Source: ours.
    """
    energy = structure[..., 1]
    seen = ~np.isnan(energy)
    count = np.count_nonzero(seen)
    # NaN exceeds nothing.
    return np.count_nonzero(energy > least) / count if count else math.nan
