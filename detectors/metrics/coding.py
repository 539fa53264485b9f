"""What encoders, networks and recorders do to a picture: blocks, smears, and what is shown when the signal is lost."""

from collections.abc import Mapping

from detectors.metrics.functional.blocking import blockiness
from detectors.metrics.functional.corruption import corrupt_share
from detectors.metrics.functional.slate import slate_share
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.specs import LEVELS, lower_is_better


class CodingMetrics:
    """Native size throughout but for the slate; masked blocks do not count but for the slate."""

    name = "coding"
    fingerprint = "coding-5"
    metrics = (
        lower_is_better("blockiness", "coding blocks", "ratio", (0, 1e3), "mean |Δ| on the 8 px grid ÷ off it"),
        lower_is_better(
            "block_step", "height of coding blocks' borders", LEVELS, (-255, 255), "the same means' difference"
        ),
        lower_is_better("corrupt_share", "smeared or lost blocks", "share", (0, 1), "ours"),
        lower_is_better("slate", "slate, flat colour or colour bars", "share", (0, 1), "ours"),
    )

    def measure(self, picture: DecodedPicture) -> Mapping[str, float]:
        """Return the metrics; blocks need 32 pixels a side."""
        ratio, step = blockiness(picture)
        return {
            "blockiness": ratio,
            "block_step": step,
            "corrupt_share": corrupt_share(picture),
            "slate": slate_share(picture),
        }
