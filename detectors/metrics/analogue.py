"""Snow and stripes: what is wrong with an analogue signal before it is coded."""

import math
from collections.abc import Mapping
from functools import lru_cache

import cv2
import numpy as np

from detectors.metrics.picture.arrays import Bytes, Floats
from detectors.metrics.picture.averages import share_of
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.picture.visible import VisibleArea
from detectors.metrics.picture.windows import area_mean, windows
from detectors.metrics.specs import LEVELS, lower_is_better

_STANDS_OUT = 0.15
_STRIPS = 8
_LEAST_PERIODS, _LEAST_PIXELS = 4, 4


class AnalogueMetrics:
    """Measured on every camera, judged on those behind an analogue encoder."""

    name = "analogue"
    fingerprint = "analogue-3"
    metrics = (
        lower_is_better("snow_share", "specks", "share", (0, 1), "ours"),
        lower_is_better("stripe_strength", "straight bars", LEVELS, (0, 255), "ours"),
    )

    def measure(self, picture: DecodedPicture) -> Mapping[str, float]:
        """Return the metrics: specks at native size (they are one line high), bars on the reduced picture."""
        return {
            "snow_share": snow_share(picture),
            "stripe_strength": stripe_strength(picture.reduced8) * picture.codes8.levels,
        }


def snow_share(picture: DecodedPicture) -> float:
    """Return the share of pixels brighter or darker than both vertical neighbours by 0.15, [0, 1].

    An analogue tuner's specks are dashes of one line's height. Thin horizontal lines and strong sensor noise count
    too, which is why the fault is judged on analogue encoders only. Of pictures above half a million pixels
    every second, third … line is looked at. Source: ours.
    """
    luma = picture.luma
    if len(luma) < 3:
        return math.nan
    step = picture.enough_rows.step
    above, here, below = luma[:-2:step], luma[1:-1:step], luma[2::step]
    # Unsigned subtraction stops at 0, so that each difference counts in one direction alone.
    bright = cv2.subtract(here, cv2.max(above, below))
    dark = cv2.subtract(cv2.min(above, below), here)
    limit = math.floor(_STANDS_OUT * picture.codes.span)
    specks = (cv2.max(bright, dark) > limit).view(np.uint8)
    visible = None if picture.visible is None else VisibleArea(picture.visible.inside(1)[1:-1:step])
    return share_of(specks, visible)


def stripe_strength(codes: Bytes) -> float:
    """Return the amplitude of the strongest straight bars, horizontal or vertical, in codes.

    The picture is cut into 8 strips along the bars; each strip's mean profile is windowed (Hann) and transformed. The
    score of a frequency is |mean of the strips' spectra| times its coherence squared, less what its neighbours have,
    so that only bars that cross every strip in phase count. Frequencies: 4 periods a picture to 4 pixels a period.
    Fences and blinds are stripes as well: judge against a reference. Masks are not respected: bars cross them.
    `codes` (h, w) of 8 bits. Source: ours.
    """
    height, width = codes.shape
    if min(height, width) < 8 * _LEAST_PIXELS:
        return math.nan
    across = _column_means(codes)
    down = area_mean(codes, (_STRIPS, width))
    return max(_bars(across), _bars(down))


def _column_means(codes: Bytes) -> Floats:
    """Return the mean of each row in each of 8 strips beside one another, (8, height)."""
    spans = windows(codes.shape[1], _STRIPS)
    strips = zip(spans.starts.tolist(), spans.ends.tolist(), strict=True)
    rows = [cv2.reduce(codes[:, start:end], 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F) for start, end in strips]
    return np.asarray(np.concatenate(rows, axis=1).T, np.float32)


def _bars(profiles: Floats) -> float:
    """Return the strength of bars of (8, length) mean profiles, one of each strip."""
    length = profiles.shape[1]
    window = _window(length)
    centred = (profiles - profiles.mean(axis=1, keepdims=True)) * window
    # OpenCV packs the frequencies 1, 2 … as pairs of real and imaginary part from the second column on.
    packed = cv2.dft(centred, flags=cv2.DFT_ROWS)[:, 2 * _LEAST_PERIODS - 1 : 2 * (length // _LEAST_PIXELS) - 1]
    spectra = np.ascontiguousarray(packed).view(np.complex64)
    together = np.abs(spectra.mean(axis=0))
    unit = np.float32(2 / window.sum())
    coherence = together / np.maximum(np.abs(spectra).mean(axis=0), np.float32(1e-6) / unit)
    return _peak(together * coherence**2 * unit)


@lru_cache(maxsize=64)
def _window(length: int) -> Floats:
    return np.hanning(length).astype(np.float32)


def _peak(amplitude: Floats) -> float:
    """Return the greatest excess of a bin over the mean of the bins three to six places away."""
    count = len(amplitude)
    total = np.zeros(count + 13)
    total[1:7], total[7:-6], total[-6:] = amplitude[0], amplitude, amplitude[-1]
    np.cumsum(total, out=total)
    wide = total[13 : 13 + count] - total[:count]
    near = total[9 : 9 + count] - total[4 : 4 + count]
    return float(max(0.0, (amplitude - (wide - near) / 8).max()))
