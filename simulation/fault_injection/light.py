"""Between gamma-coded pictures and linear light, where exposure, blur, haze and glare really happen."""

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.fault_injection.injector import Picture

Light = NDArray[np.float32]
"""(H, W, 3) linear light, 1 = the sensor's white."""

GAMMA = 2.2
"""A plain power instead of BT.709's curve: without its linear toe, darkness shows more noise, as at night."""

_TO_LIGHT = ((np.arange(256) / 255) ** GAMMA).astype(np.float32)


def to_light(picture: Picture) -> Light:
    """Return the linear light of a picture."""
    return _TO_LIGHT[picture]


def to_picture(light: Light) -> Picture:
    """Return the picture that a sensor makes of the light: clipped at white, gamma-coded, rounded to 8 bits."""
    coded = cv2.pow(np.clip(light, 0, 1), 1 / GAMMA)
    return np.asarray(cv2.convertScaleAbs(coded, alpha=255), dtype=np.uint8)


def luminance(light: Light) -> NDArray[np.float32]:
    """Return (H, W) luminance by BT.709's weights."""
    return np.asarray(light @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32), dtype=np.float32)


def make_disc(radius_px: float) -> NDArray[np.float32]:
    """Return the normalised disc that a point out of focus becomes, (n, n) with sum 1, its edge antialiased."""
    reach = int(np.ceil(radius_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def defocus(light: Light, radius_px: float) -> Light:
    """Return the light spread over discs of confusion of this radius."""
    return np.asarray(
        cv2.filter2D(light, -1, make_disc(radius_px), borderType=cv2.BORDER_REFLECT_101), dtype=np.float32
    )


def add_sensor_noise(light: Light, read: float, shot: float, rng: np.random.Generator) -> Light:
    """Return the light as a noisy sensor counts it: variance = `shot`·light + `read`², each colour for itself.

    Both in units of the sensor's white (Janesick, Photon Transfer, 2007, without fixed pattern noise).
    """
    noise = rng.standard_normal(light.shape, dtype=np.float32)
    return np.asarray(light + noise * np.sqrt(shot * np.maximum(light, 0) + read**2), dtype=np.float32)


def amplify(light: Light, gain: float, rng: np.random.Generator) -> Light:
    """Return the light as a small sensor sees it; gain 1 leaves noise of 6 levels at mid grey, 11 in the dark."""
    return add_sensor_noise(light, 0.007 * gain, 0.0025 * gain**2, rng)
