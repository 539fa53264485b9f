"""What encoders, networks and recorders do to a picture: blocks, smears, and a slate in its place."""

from collections.abc import Mapping

from torch import Tensor

from detectors.base import Pictures
from detectors.faults.meaning import LEVELS, lower_is_better
from detectors.functional.blocking import blockiness
from detectors.functional.corruption import corrupt_share
from detectors.functional.slate import slate


class Coding:
    """Native size throughout but for the slate; masked blocks do not count but for the slate."""

    name = "coding"
    fingerprint = "coding-1"
    metrics = (
        lower_is_better("blockiness", "coding blocks", "ratio", (0, 1e3), "mean |Δ| on the 8 px grid ÷ off it"),
        lower_is_better(
            "block_step", "height of coding blocks' borders", LEVELS, (-255, 255), "the same means' difference"
        ),
        lower_is_better("corrupt_share", "smeared or lost blocks", "share", (0, 1), "ours"),
        lower_is_better("slate", "one flat colour with text", "share", (0, 1), "ours"),
    )

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics; blocks need 32 pixels a side."""
        ratio, step = blockiness(pictures.luma, pictures.visible)
        return {
            "blockiness": ratio,
            "block_step": step,
            "corrupt_share": corrupt_share(pictures.luma, pictures.chroma, pictures.visible),
            "slate": slate(pictures.small_luma, pictures.small_chroma),
        }
