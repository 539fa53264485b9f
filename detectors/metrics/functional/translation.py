"""By how much the whole picture has shifted since the one before: phase correlation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.metrics.picture.arrays import Floats, Samples
from detectors.metrics.picture.averages import lower_median

_LEAST_PEAK = 0.25
_LEAST_CONTRAST = 1.0 / 255
_LEAST_QUARTERS = 3
_LEAST_SIDE = 32
_NEAR = np.arange(-2, 3)


@dataclass(frozen=True, slots=True)
class Spectra:
    """What a picture's quarters look like to phase correlation."""

    quarters: NDArray[np.complex64]
    """(4, h, frequencies): the spectra but for the first and last horizontal frequency, which OpenCV packs apart."""
    size: tuple[int, int]
    """Of a quarter, in pixels."""
    width: int
    """Of the picture, in pixels."""


def shift(now: Spectra, before: Spectra) -> float:
    """Return the length of the camera's translation as a share of the picture's width, [0, 0.36].

    `now` and `before` as of `quarter_spectra`. Kuglin and Hines, "The phase correlation image alignment method"
    (1975), in each quarter of the picture: the peak of the inverse transform of F1 F2* / |F1 F2*|, refined by its
    centroid over 5x5 as OpenCV does. The lower median of the quarters counts (ours): a camera that shakes moves all
    of them, a lorry that passes only some. NaN where fewer than three quarters have a clear peak (a quarter of what a
    pure shift would have there): another view, a flat, a dark or a noisy one is no translation.
    """
    cross = now.quarters * before.quarters.conj()
    cross *= np.reciprocal(np.maximum(np.abs(cross), np.float32(1e-9)))
    packed = np.zeros((4, *now.size), np.float32)
    _interior(packed)[:] = cross
    surfaces = [cv2.idft(spectrum, flags=cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT) for spectrum in packed]
    offsets, peaks = _centroids(surfaces)
    lengths = offsets[peaks >= _LEAST_PEAK]
    return lower_median(lengths) / now.width if len(lengths) >= _LEAST_QUARTERS else math.nan


def quarter_spectra(luma: Floats) -> Spectra | None:
    """Return the spectra of the quarters of luma (h, w) in [0, 1], at most 320 wide; None under 32 pixels.

    Each quarter less its mean, and windowed (Hann); zero where it is flat. Sides are cut down to what transforms
    quickly.
    """
    if min(luma.shape) < _LEAST_SIDE:
        return None
    middle, centre = luma.shape[0] // 2, luma.shape[1] // 2
    height, width = _quick_length(middle), _quick_length(centre)
    window = _window(height, width)
    packed = np.zeros((4, height, width), np.float32)
    places = ((y, x) for y in (middle - height, middle) for x in (centre - width, centre))
    for index, (y, x) in enumerate(places):
        part = luma[y : y + height, x : x + width]
        mean, deviation = (each.item() for each in cv2.meanStdDev(part))
        if deviation >= _LEAST_CONTRAST:
            windowed = np.subtract(part, np.float32(mean), out=packed[index])
            windowed *= window
            cv2.dft(windowed, dst=windowed)
    return Spectra(_interior(packed).copy(), (height, width), luma.shape[1])


def _interior(packed: Floats) -> NDArray[np.complex64]:
    """Return the complex numbers of spectra (n, h, w) as OpenCV packs them, but for those of the outer columns."""
    pairs = (packed.shape[2] - 1) // 2
    return packed[:, :, 1 : 1 + 2 * pairs].view(np.complex64)


@lru_cache(maxsize=64)
def _quick_length(length: int) -> int:
    """Return the greatest length up to this one that has no prime factor above 5."""
    return next(quick for quick in range(length, 0, -1) if cv2.getOptimalDFTSize(quick) == quick)


@lru_cache(maxsize=64)
def _window(height: int, width: int) -> Floats:
    return np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)


def _centroids(surfaces: Sequence[Samples]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far each surface's peak is from no shift, in pixels, and the energy around it."""
    size = surfaces[0].shape
    places = np.array([cv2.minMaxLoc(surface)[3][::-1] for surface in surfaces])
    around = np.empty((len(surfaces), len(_NEAR), len(_NEAR)))
    for index, (row, column) in enumerate(places.tolist()):
        rows, columns = (row + _NEAR) % size[0], (column + _NEAR) % size[1]
        around[index] = surfaces[index][rows[:, None], columns]
    np.maximum(around, 0, out=around)
    total = np.maximum(around.sum(axis=(1, 2)), 1e-12)
    signed = np.where(places > np.array(size) // 2, places - size, places)
    down = (around.sum(axis=2) * (signed[:, :1] + _NEAR)).sum(axis=1) / total
    across = (around.sum(axis=1) * (signed[:, 1:] + _NEAR)).sum(axis=1) / total
    return np.hypot(down, across), total
