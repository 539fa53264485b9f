"""Freeze, shake and flicker: the picture against the one before it."""

from collections.abc import Mapping

from torch import Tensor

from detectors.metrics.motion import MotionMetrics
from detectors.models.pictures import Pictures
from tests.oracles.functional import motion
from tests.oracles.functional.motion import shift


class MotionDetector:
    """Change since the picture before in the same session. Masked pixels do not count, but for the shift."""

    name = "motion"
    fingerprint = "motion-1"
    metrics = MotionMetrics.metrics

    def remember(self, pictures: Pictures) -> Tensor:
        """Return the small luma as (N, h, w) int16: 460 KB for a 16:9 picture."""
        return motion.encode_luma(pictures.small_luma, pictures.small_visible)

    def score(self, now: Tensor, before: Tensor) -> Mapping[str, Tensor]:
        """Return the metrics of each picture against its earlier one, NaN where nothing can be compared."""
        blocks = motion.block_change(now, before)
        return {
            "change_median": motion.change_median(blocks),
            "change_share": motion.change_share(blocks),
            "shift": shift(motion.decode_luma(now)[0], motion.decode_luma(before)[0]),
            "flicker": motion.flicker(now, before),
        }
