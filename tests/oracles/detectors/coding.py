"""What encoders, networks and recorders do to a picture: blocks, smears, and what is shown when the signal is lost."""

from collections.abc import Mapping

import torch
from torch import Tensor

from detectors.metrics.coding import CodingMetrics
from detectors.models.pictures import Pictures
from tests.oracles.functional.coding import blockiness, corrupt_share
from tests.oracles.functional.slate import colour_bars, one_colour, slate


class CodingDetector:
    """Native size throughout but for the slate; masked blocks do not count but for the slate."""

    name = "coding"
    fingerprint = "coding-2"
    metrics = CodingMetrics.metrics

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics; blocks need 32 pixels a side."""
        ratio, step = blockiness(pictures.luma, pictures.visible)
        without_signal = (
            slate(pictures.small_luma, pictures.small_chroma),
            one_colour(pictures.luma, pictures.chroma),
            colour_bars(pictures.luma, pictures.chroma),
        )
        return {
            "blockiness": ratio,
            "block_step": step,
            "corrupt_share": corrupt_share(pictures.luma, pictures.chroma, pictures.visible),
            "slate": torch.stack(without_signal).amax(dim=0),
        }
