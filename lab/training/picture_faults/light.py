"""Linear light, the kernels of lenses, and smooth random fields: what the degradations are made of."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Light = NDArray[np.float32]
"""(H, W, 3) linear light, 1.0 at the sensor's full well; more than 1.0 where the scene is brighter."""
Field = NDArray[np.float32]
"""(H, W), usually 0 to 1."""
Pixels = NDArray[np.uint8]
"""RGB (H, W, 3), levels 0 to 255, gamma-coded."""

GAMMA = 2.2
HIGHLIGHT = 0.93
"""Coded levels above this were clipped by the photograph's own camera: the light behind them was brighter."""
_CODED = np.arange(256, dtype=np.float32) / 255
_LINEAR = _CODED ** np.float32(GAMMA)
_BEYOND = np.clip((_CODED - HIGHLIGHT) / (1 - HIGHLIGHT), 0, 1)
_POOL = 1400
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)


def linear(picture: Pixels, rng: np.random.Generator) -> Light:
    """Linear light of a photograph; what it clipped becomes up to four times as bright as white."""
    light = np.asarray(cv2.LUT(picture, _LINEAR), np.float32)
    most = rng.uniform(0, 3)
    if most > 0.3:
        least = np.asarray(cv2.min(cv2.min(picture[..., 0], picture[..., 1]), picture[..., 2]), np.uint8)
        beyond = cv2.LUT(least, (1 + most * _BEYOND).astype(np.float32))
        light *= beyond[..., None]
    return light


def power(values: Light, exponent: float) -> Light:
    """Each value, not negative, to a power: OpenCV's, five times as fast as NumPy's."""
    return np.asarray(cv2.pow(values, exponent), np.float32)


def grain(shape: tuple[int, int, int], rng: np.random.Generator) -> Light:
    """Normal noise (H, W, channels), cut from a pool at a random place: drawing it would take longest of all."""
    height, width, channels = shape
    parts = []
    for _ in range(channels):
        top, left = rng.integers(0, _POOL - height + 1), rng.integers(0, _POOL - width + 1)
        part = _pool()[top : top + height, left : left + width]
        parts.append(part[:: int(rng.choice([-1, 1])), :: int(rng.choice([-1, 1]))])
    return np.stack(parts, axis=2)


@lru_cache(maxsize=1)
def _pool() -> Field:
    return np.random.default_rng(1).standard_normal((_POOL, _POOL), np.float32)


def levels(values: Light) -> Pixels:
    """Light (H, W, 3), coded 0 to 1, as 8-bit levels."""
    return np.asarray(cv2.convertScaleAbs(np.clip(values, 0, 1), alpha=255), np.uint8)


def disc(radius: float) -> Field:
    """The kernel of a defocused lens: a disc of `radius` pixels with an edge one pixel soft; sums to one."""
    side = int(np.ceil(radius)) * 2 + 3
    centre = side // 2
    rows, columns = np.mgrid[:side, :side] - centre
    kernel = np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def streak(length: float, angle: float, bend: float) -> Field:
    """The kernel of a moving camera: a path of `length` pixels, bent by `bend` of its length; sums to one."""
    side = int(np.ceil(length)) // 2 * 2 + 5
    time = np.linspace(-0.5, 0.5, 6 * side)
    along, across = time * length, bend * length * (time**2 - 1 / 12)
    x = along * np.cos(angle) - across * np.sin(angle) + side // 2
    y = along * np.sin(angle) + across * np.cos(angle) + side // 2
    kernel = np.zeros((side, side), np.float32)
    inside = (x >= 0) & (y >= 0) & (x < side - 0.5) & (y < side - 0.5)
    np.add.at(kernel, (np.rint(y[inside]).astype(int), np.rint(x[inside]).astype(int)), 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)


def spread(light: Light, sigma: float) -> Light:
    """A wide Gaussian blur, on a reduced copy where it is wide."""
    height, width = light.shape[:2]
    light = np.asarray(light, np.float32)
    factor = max(1, int(sigma / 3))
    if factor == 1:
        return np.asarray(cv2.GaussianBlur(light, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
    size = (max(2, width // factor), max(2, height // factor))
    small = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / factor, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def apply_kernel(light: Light, kernel: Field) -> Light:
    """`light` as the lens with this kernel shows it, the picture reflected at its border."""
    exact = np.asarray(light, np.float32)
    return np.asarray(cv2.filter2D(exact, -1, kernel, borderType=cv2.BORDER_REFLECT), np.float32)


def clouds(shape: tuple[int, int], cells: float, rng: np.random.Generator, *, stretch: float = 1.0) -> Field:
    """Smooth noise, 0 to 1, its ranks about equally frequent: some `cells` lumps across, `stretch` times as tall."""
    height, width = shape
    across = max(2, round(cells))
    down = max(2, round(cells * height / width / stretch))
    total = np.zeros(shape, np.float32)
    for octave in range(3):
        grid = rng.standard_normal((down * 2**octave + 1, across * 2**octave + 1)).astype(np.float32)
        total += 0.5**octave * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    small = total[::4, ::4]
    normal = (total - small.mean()) / max(1e-6, float(small.std()))
    return np.asarray(0.5 + 0.5 * np.tanh(0.8 * normal), np.float32)


def ramp(field: Field, low: float, high: float) -> Field:
    """0 at `low` and below, 1 at `high` and above, smooth between."""
    at = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(at * at * (3 - 2 * at), np.float32)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two others, evenly over the logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def luma(picture: Light) -> Field:
    """BT.601 luma of (H, W, 3) RGB."""
    return np.asarray(cv2.transform(np.ascontiguousarray(picture, np.float32), _LUMA), np.float32)
