"""How much of the view has any structure: little behind a cover, in fog, or before a bare wall."""

from collections.abc import Mapping

from torch import Tensor

from detectors.metrics.texture import TextureMetrics
from detectors.models.pictures import Pictures
from tests.oracles.functional.edge_directions import block_structure, texture_share


class TextureDetector:
    """Share of textured blocks; masked blocks do not count."""

    name = "texture"
    fingerprint = "texture-1"
    metrics = TextureMetrics.metrics

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metric, measured on the small picture."""
        return {"texture_share": texture_share(block_structure(pictures.small_luma, pictures.small_visible))}
