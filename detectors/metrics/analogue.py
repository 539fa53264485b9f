"""Snow and stripes: what is wrong with an analogue signal before it is coded."""

import math
from collections.abc import Mapping
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.metrics.picture.arrays import Bytes, Floats
from detectors.metrics.picture.averages import share_of
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.picture.visible import VisibleArea
from detectors.metrics.picture.windows import windows
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
    Fences and blinds are stripes as well: judge against a baseline. Masks are not respected: bars cross them.
    `codes` (h, w) of 8 bits. Source: ours.
    """
    height, width = codes.shape
    if min(height, width) < 8 * _LEAST_PIXELS:
        return math.nan
    return _strongest_bars(_row_means(codes), _row_means(np.asarray(cv2.transpose(codes), np.uint8)))


def _row_means(codes: Bytes) -> Floats:
    """Return the mean of each row in each of 8 strips beside one another, (8, height)."""
    height, width = codes.shape
    if width % _STRIPS == 0:
        strips = cv2.reduce(codes.reshape(-1, width // _STRIPS), 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
        return np.asarray(cv2.transpose(strips.reshape(height, _STRIPS)), np.float32)
    spans = windows(width, _STRIPS)
    bounds = zip(spans.starts.tolist(), spans.ends.tolist(), strict=True)
    rows = [cv2.reduce(codes[:, start:end], 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F) for start, end in bounds]
    return np.asarray(np.concatenate(rows, axis=1).T, np.float32)


def _strongest_bars(*directions: Floats) -> float:
    """Return the strength of the strongest bars of (8, length) mean profiles, one of each strip."""
    spectra = [_spectra(profiles) for profiles in directions]
    joined = np.concatenate(spectra, axis=1)
    together = np.abs(joined.sum(axis=0))
    coherence = together / np.maximum(np.abs(joined).sum(axis=0), np.float32(1e-6 * _STRIPS))
    amplitude = together * coherence * coherence * np.float32(1 / _STRIPS)
    first = spectra[0].shape[1]
    return max(_peak(amplitude[:first]), _peak(amplitude[first:]))


def _spectra(profiles: Floats) -> NDArray[np.complex64]:
    """Return the spectra of (8, length) profiles, of bars of one code's amplitude 1."""
    length = profiles.shape[1]
    means = cv2.reduce(profiles, 1, cv2.REDUCE_AVG)
    # OpenCV packs the frequencies 1, 2 … as pairs of real and imaginary part from the second column on.
    packed = cv2.dft((profiles - means) * _window(length), flags=cv2.DFT_ROWS)
    kept = packed[:, 2 * _LEAST_PERIODS - 1 : 2 * (length // _LEAST_PIXELS) - 1]
    return np.ascontiguousarray(kept).view(np.complex64)


@lru_cache(maxsize=64)
def _window(length: int) -> Floats:
    """Return Hann's window, scaled so that a bar's spectrum has its amplitude."""
    window = np.hanning(length)
    return np.asarray(window * (2 / window.sum()), np.float32)


def _peak(amplitude: Floats) -> float:
    """Return the greatest excess of a bin over the mean of the bins three to six places away."""
    count = len(amplitude)
    total = np.empty(count + 13)
    total[0], total[1:7], total[7:-6], total[-6:] = 0, amplitude[0], amplitude, amplitude[-1]
    total = total.cumsum()
    wide = total[13 : 13 + count] - total[:count]
    near = total[9 : 9 + count] - total[4 : 4 + count]
    return float(max(0.0, (amplitude - (wide - near) / 8).max()))
