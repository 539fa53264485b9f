"""Pictures made worse in the ways cameras make them worse, so that bins of poor quality are not empty.

Synthetic: they show how detection falls with quality, not how often such pictures occur.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""RGB (H, W, 3), levels 0 to 255."""
Degradation = Callable[[Pixels, np.random.Generator], Pixels]


def _blur_by(sigma: float) -> Degradation:
    def change(picture: Pixels, _draw: np.random.Generator) -> Pixels:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)

    return change


def _compress_to(quality: int) -> Degradation:
    def change(picture: Pixels, _draw: np.random.Generator) -> Pixels:
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)

    return change


def _dim_by(gain: float, sigma: float) -> Degradation:
    """Less light, and the noise that a sensor shows then."""

    def change(picture: Pixels, draw: np.random.Generator) -> Pixels:
        return _codes(picture * gain + draw.normal(0, sigma, picture.shape))

    return change


def _codes(levels: NDArray[np.floating]) -> Pixels:
    return np.clip(np.round(levels), 0, 255).astype(np.uint8)


DEGRADATIONS: Mapping[str, Degradation] = MappingProxyType(
    {
        "blur 2": _blur_by(2.0),
        "blur 5": _blur_by(5.0),
        "jpeg 15": _compress_to(15),
        "jpeg 5": _compress_to(5),
        "noise 20": _dim_by(1.0, 20.0),
        "noise 50": _dim_by(1.0, 50.0),
        "dark 1/4": _dim_by(0.25, 3.0),
        "dark 1/10": _dim_by(0.1, 5.0),
    }
)
"""By name: Gaussian width in pixels, JPEG quality, noise in levels of 255, share of the light."""


def degrade_in_turn(picture: Pixels, number: int) -> Pixels:
    """Picture `number` of a set with the degradation whose turn it is; the same every time."""
    changes = list(DEGRADATIONS.values())
    return changes[number % len(changes)](picture, np.random.default_rng(number))
