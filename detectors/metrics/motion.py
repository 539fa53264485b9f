"""Freeze, shake and flicker: the picture against the one before it, block by block."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from detectors.metrics.functional.translation import Spectra, quarter_spectra, shift
from detectors.metrics.picture.arrays import Bytes, Floats, Words
from detectors.metrics.picture.averages import lower_median, mean
from detectors.metrics.picture.codes import FIXED_POINT
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.picture.visible import VisibleArea
from detectors.metrics.picture.windows import block_sums
from detectors.metrics.specs import LEVELS, lower_is_better, neutral_metric

_BLOCK = 16
_CHANGED = 1.0
"""Mean |ΔY| in levels of 255 from which a block counts as changed."""


@dataclass(frozen=True, slots=True)
class RememberedPicture:
    """What is kept of a picture for the next one: 690 KB for a 16:9 picture."""

    luma: Words
    """The reduced picture (h, w), see `DecodedPicture.reduced_luma`."""
    visible: Bytes | None
    """(h, w), 1 where nothing is masked."""
    levels: float
    """Levels of 255 that one step of `luma` is worth."""
    spectra: Spectra | None
    """Those of the picture at 320 pixels, None where it is too small."""


class MotionMetrics:
    """Change since the picture before in the same session. Masked pixels do not count, but for the shift."""

    name = "motion"
    fingerprint = "motion-3"
    metrics = (
        neutral_metric(
            "change_median", "change of the median block", LEVELS, (0, 255), "median over 16x16 blocks of mean |ΔY|"
        ),
        neutral_metric("change_share", "blocks that changed", "share", (0, 1), "ours"),
        lower_is_better("shift", "jump of the whole picture", "share of the width", (0, 0.71), "phase correlation"),
        lower_is_better("flicker", "jump in brightness", LEVELS, (0, 255), "|Δ mean Y|"),
    )

    def remember(self, picture: DecodedPicture) -> RememberedPicture:
        """Return what the next picture will be compared with."""
        visible = None if picture.reduced_visible is None else picture.reduced_visible.pixels
        return RememberedPicture(
            picture.reduced_luma, visible, picture.codes8.levels / FIXED_POINT, quarter_spectra(picture.small)
        )

    def compare(self, now: RememberedPicture, before: RememberedPicture) -> Mapping[str, float]:
        """Return the metrics of a picture against its earlier one of the same size, NaN where nothing is seen in both.

        A clock or a passer-by moves `change_share` by the little they are, and `change_median` not at all.
        """
        visible = _visible_in_both(now.visible, before.visible)
        blocks = block_change(now.luma, before.luma, visible) * now.levels
        return {
            "change_median": lower_median(blocks),
            "change_share": np.count_nonzero(blocks >= _CHANGED) / len(blocks) if len(blocks) else math.nan,
            "shift": math.nan if now.spectra is None or before.spectra is None else shift(now.spectra, before.spectra),
            "flicker": flicker(now.luma, before.luma, visible) * now.levels,
        }


def _visible_in_both(now: Bytes | None, before: Bytes | None) -> VisibleArea | None:
    masks = [each for each in (now, before) if each is not None]
    if not masks:
        return None
    return VisibleArea(np.asarray(cv2.min(masks[0], masks[-1]), np.uint8))


def block_change(now: Words, before: Words, visible: VisibleArea | None = None) -> Floats:
    """Return mean |Y_now - Y_before| of each visible block of 16x16, (blocks,), in the unit of both (H, W).

    Pictures under 32 pixels use blocks of half their shorter side.
    """
    side = min(_BLOCK, max(1, min(now.shape) // 2))
    change = np.asarray(block_sums(cv2.absdiff(now, before), side) / np.float32(side * side), np.float32)
    return change.ravel() if visible is None else change[visible.whole_blocks(side)]


def flicker(now: Words, before: Words, visible: VisibleArea | None = None) -> float:
    """Return |mean Y_now - mean Y_before| over what is visible in both, in the steps that both are given in."""
    return abs(mean(now, visible) - mean(before, visible))
