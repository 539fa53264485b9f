"""How much fine detail a second blur takes away: much from a sharp picture, little from one already blurred."""

import math

import cv2
import numpy as np

from detectors.metrics.picture.arrays import Samples, Words
from detectors.metrics.picture.visible import VisibleArea

_WINDOW = 11
_REACH = _WINDOW // 2 + 1
_LINES = 3
_SPARE_BITS = 4
"""128 steps to a code become 8: sums of eight codes and more must fit into 16 bits."""
_MOST = np.int16(0x7FFF // _WINDOW)
_LEAST_TOTAL = 8
"""Sum of gradients under which a picture has none; about a thousandth of white."""


def sharpness(luma: Words, visible: VisibleArea | None = None) -> float:
    """Return 1 - perceptual blur, [0, 1]; higher is sharper; NaN where the picture has no gradient at all.

    Crete, Dolmiere, Ladret, Nicolas, "The blur effect" (SPIE 2007) with scikit-image's choices (window 11, Sobel,
    the worse of both axes): B = Σ min(s, b) / Σ s, with s and b the gradient magnitudes before and after an
    11-pixel mean along the axis, on every third line. `luma` (h, w), 128 to an 8-bit code.
    """
    if min(luma.shape) < 2 * _WINDOW:
        return math.nan
    short = (luma >> _SPARE_BITS).view(np.int16)
    inside = None if visible is None else visible.inside(_REACH)[1:-1, 1:-1]
    across = _blur(short, inside)
    down = _blur(cv2.transpose(short), None if inside is None else inside.T)
    return 1 - max(across, down)


def _blur(luma: Samples, inside: Samples | None) -> float:
    """Return B along the width of a picture (h, w), which is reflected at either side."""
    lines = luma[:-2:_LINES] + luma[2::_LINES]
    lines += luma[1:-1:_LINES]
    lines += luma[1:-1:_LINES]
    smooth = cv2.copyMakeBorder(lines, 0, 0, _REACH, _REACH, cv2.BORDER_REFLECT_101)
    width = luma.shape[1] - 2
    sharp = cv2.absdiff(smooth[:, _REACH + 2 : _REACH + 2 + width], smooth[:, _REACH : _REACH + width])
    # Two means of 11 pixels that lie two apart share nine of them: the ends alone make their difference.
    ends = smooth[:, 1:] + smooth[:, :-1]
    soft = cv2.absdiff(ends[:, 2 * _REACH : 2 * _REACH + width], ends[:, 1 : 1 + width])
    # What exceeds 16 bits when times 11 exceeds every `soft` as well.
    kept = np.minimum(sharp, _MOST)
    kept *= np.int16(_WINDOW)
    np.minimum(kept, soft, out=kept)
    if inside is None:
        total, left = cv2.sumElems(sharp)[0], cv2.sumElems(kept)[0]
    else:
        mask = np.ascontiguousarray(inside[::_LINES])
        seen = np.count_nonzero(mask)
        total, left = (cv2.mean(values, mask)[0] * seen for values in (sharp, kept))
    return left / _WINDOW / total if total > _LEAST_TOTAL else math.nan
