"""Means, shares and percentiles over what is visible. A picture that is masked whole has none: NaN."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from detectors.metrics.picture.arrays import Bytes, Samples
from detectors.metrics.picture.visible import VisibleArea


def mean(values: Samples, visible: VisibleArea | None = None) -> float:
    """Return the mean of (h, w) values over visible pixels."""
    if visible is None:
        return float(cv2.mean(values)[0])
    if not cv2.countNonZero(visible.pixels):
        return math.nan
    return float(cv2.mean(values, visible.pixels)[0])


def share_of(found: Bytes, visible: VisibleArea | None = None) -> float:
    """Return the share of visible pixels where `found` (h, w) is not zero, [0, 1]."""
    if visible is None:
        return cv2.countNonZero(found) / found.size
    seen = cv2.countNonZero(visible.pixels)
    return cv2.countNonZero(cv2.min(found, visible.pixels)) / seen if seen else math.nan


def percentiles(codes: Bytes, quantiles: Sequence[float], visible: VisibleArea | None = None) -> tuple[float, ...]:
    """Return percentiles of (h, w) 8-bit codes, interpolated within a code."""
    mask = None if visible is None else visible.pixels
    counts = cv2.calcHist([codes], [0], mask, [256], [0, 256]).ravel().astype(np.float64)
    total = counts.sum()
    if total == 0:
        return (math.nan,) * len(quantiles)
    risen = np.cumsum(counts)
    found = []
    for share in quantiles:
        place = int(np.searchsorted(risen, share * total))
        within = (share * total - (risen[place] - counts[place])) / counts[place]
        found.append(float(np.clip(place - 0.5 + within, 0, 255)))
    return tuple(found)


def quantile(values: Samples, share: float) -> float:
    """Return the quantile of a 1-d array, interpolated linearly; NaN where it is empty."""
    count = len(values)
    if count == 0:
        return math.nan
    place = share * (count - 1)
    low = math.floor(place)
    high = min(low + 1, count - 1)
    ordered = np.partition(values, (low, high))
    return float(ordered[low]) + (float(ordered[high]) - float(ordered[low])) * (place - low)


def lower_median(values: Samples) -> float:
    """Return the median of a 1-d array, the lower one of two; NaN where it is empty."""
    if len(values) == 0:
        return math.nan
    place = (len(values) - 1) // 2
    return float(np.partition(values, place)[place])


def median_code(codes: Samples) -> int:
    """Return the median of integer codes of any shape, the lower one of two."""
    counts = (
        np.bincount(codes.ravel()) if codes.dtype != np.uint8 else cv2.calcHist([codes], [0], None, [256], [0, 256])
    )
    risen = np.cumsum(counts)
    return int(np.searchsorted(risen, (codes.size + 1) // 2))
