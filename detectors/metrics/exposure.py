"""Black, too dark, too bright, glare: how light falls on the picture."""

import math
from collections.abc import Mapping

import cv2
import numpy as np

from detectors.metrics.picture.arrays import Bytes
from detectors.metrics.picture.averages import mean, percentiles, share_of
from detectors.metrics.picture.codes import FIXED_POINT
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.picture.visible import VisibleArea
from detectors.metrics.specs import lower_is_better, neutral_metric

BLACK = 0.10
"""Luma under which a pixel is black: 16 + 0.10·219 in limited range, as FFmpeg's blackdetect (`pixel_black_th`)."""
CLIPPED = 0.97
"""Luma from which a pixel is burnt out; re-coding moves white by a level or two."""
_DISC_SHARE = 0.05
"""Width of the square that must fit into a burnt-out area, as a share of the picture's shorter side."""
_SPREAD, _COMPACT = 0.5, 0.8
_AREAS = 3
"""A lamp that blinds is one of the largest burnt-out areas."""


class ExposureMetrics:
    """Luma's mean, percentiles and extremes. Masked pixels do not count."""

    name = "exposure"
    fingerprint = "exposure-4"
    metrics = (
        neutral_metric("luma_mean", "brightness", "share of white", (0, 1), "mean luma"),
        neutral_metric("luma_p05", "darkest twentieth", "share of white", (0, 1), "5th percentile of luma"),
        neutral_metric("luma_p95", "brightest twentieth", "share of white", (0, 1), "95th percentile of luma"),
        lower_is_better("black_share", "black pixels", "share", (0, 1), "FFmpeg vf_blackdetect"),
        lower_is_better("clipped_share", "burnt-out pixels", "share", (0, 1), "ours"),
        lower_is_better("glare_share", "burnt-out discs", "share", (0, 1), "ours"),
    )

    def measure(self, picture: DecodedPicture) -> Mapping[str, float]:
        """Return the metrics; black is counted at native size, the rest on the reduced picture."""
        codes, visible = picture.codes8, picture.reduced_visible
        dark, bright = (codes.share(code) for code in percentiles(picture.reduced8, (0.05, 0.95), visible))
        clipped = (picture.reduced_luma >= math.ceil(codes.code(CLIPPED) * FIXED_POINT)).view(np.uint8)
        return {
            "luma_mean": (mean(picture.reduced_luma, visible) / FIXED_POINT - codes.black) / codes.span,
            "luma_p05": dark,
            "luma_p95": bright,
            "black_share": black_share(picture),
            "clipped_share": share_of(clipped, visible),
            "glare_share": glare_share(clipped, visible),
        }


def black_share(picture: DecodedPicture) -> float:
    """Return the share of pixels under `BLACK`, [0, 1]. Source: FFmpeg vf_blackdetect.

    Of pictures above half a million pixels, of every n-th row.
    """
    lowest = math.ceil(picture.codes.code(BLACK))
    rows = picture.enough_rows
    visible = None if picture.visible is None else VisibleArea(picture.visible.pixels[rows])
    return share_of((picture.luma[rows] < lowest).view(np.uint8), visible)


def glare_share(clipped: Bytes, visible: VisibleArea | None = None) -> float:
    """Return the share of the picture inside one compact burnt-out area, [0, 1]; lower is better.

    `clipped` (h, w) is 1 where luma is at least `CLIPPED`. A morphological opening with a square of 5 % of the shorter
    side: windows, headlights and specular lines vanish, discs stay. Of the areas left, the one that counts most is
    taken: in full from a compactness of 0.8 on and not at all under 0.5, compactness being area / (2π (Var x + Var y)):
    1 for a disc, 0.96 for a square, 0.35 for a strip of sky. A white lorry is compact too, so the number speaks only
    against a baseline and over time. Source: ours.
    """
    side = max(3, round(_DISC_SHARE * min(clipped.shape)) | 1)
    if cv2.countNonZero(clipped) < (side // 2 + 1) ** 2:
        # In a corner, beyond which the picture is continued, a quarter of the square is enough.
        return 0.0 if visible is None or visible.share > 0 else math.nan
    square = np.ones((side, side), np.uint8)
    eroded = cv2.erode(clipped, square, borderType=cv2.BORDER_REPLICATE)
    if not cv2.countNonZero(eroded):
        return 0.0 if visible is None or visible.share > 0 else math.nan
    opened = cv2.dilate(eroded, square, borderType=cv2.BORDER_REPLICATE)
    # What is left is as wide as the square everywhere: a quarter of its width apart, pixels show every area.
    step = max(1, side // 4)
    looked = np.ascontiguousarray(opened[::step, ::step], np.uint8)
    seen = None if visible is None else VisibleArea(np.ascontiguousarray(visible.pixels[::step, ::step]))
    return max(share_of(area, seen) * _weight(area) for area in _largest_areas(looked))


def _largest_areas(opened: Bytes) -> list[Bytes]:
    """Return the areas that hang together, each a mask of zeros and ones, the `_AREAS` largest."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    chosen = np.argsort(sizes)[::-1][:_AREAS] + 1 if count > 2 else np.array([1])
    return [(labels == number).view(np.uint8) for number in chosen.tolist()]


def _weight(area: Bytes) -> float:
    return min(1.0, max(0.0, (_compactness(area) - _SPREAD) / (_COMPACT - _SPREAD)))


def _compactness(area: Bytes) -> float:
    """Return area / (2π (Var x + Var y)) of a mask of zeros and ones; 0 where it is empty."""
    count, spread = int(np.count_nonzero(area)), 0.0
    for axis in (0, 1):
        profile = area.sum(axis=axis, dtype=np.int64)
        places = np.arange(len(profile))
        mean = float(profile @ places) / max(1, count)
        spread += float(profile @ (places - mean) ** 2) / max(1, count)
    return count / (2 * math.pi * spread) if spread > 0 else 0.0
