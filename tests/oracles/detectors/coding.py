"""What encoders, networks and recorders do to a picture: blocks, smears, and what is shown when the signal is lost."""

from collections.abc import Mapping

import torch
from torch import Tensor

from detectors.metrics.specs import LEVELS, lower_is_better
from detectors.models.pictures import Pictures
from tests.oracles.functional.coding import blockiness, corrupt_share
from tests.oracles.functional.slate import colour_bars, one_colour, slate


class CodingDetector:
    """Native size throughout but for the slate; masked blocks do not count but for the slate."""

    name = "coding"
    fingerprint = "coding-2"
    metrics = (
        lower_is_better("blockiness", "coding blocks", "ratio", (0, 1e3), "mean |Δ| on the 8 px grid ÷ off it"),
        lower_is_better(
            "block_step", "height of coding blocks' borders", LEVELS, (-255, 255), "the same means' difference"
        ),
        lower_is_better("corrupt_share", "smeared or lost blocks", "share", (0, 1), "ours"),
        lower_is_better("slate", "slate, flat colour or colour bars", "share", (0, 1), "ours"),
    )

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
