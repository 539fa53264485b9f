"""What happens to a face in a surveillance camera, each with a strength from 0 (just seen) to 1 (unusable).

Sizes are in pixels of the face shown at 224 x 224, as the model sees it, so that one strength does the same to a large
and to a small face; `scale` is how many native pixels such a pixel is. Strengths are spaced evenly on the
logarithm of the physical quantity, from about what is just seen to about what leaves nothing to recognise: ours,
chosen by eye and measured in docs/models/face_quality.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from lab.training.augment.video_compression import EncoderSetting, compress_frames

Picture = NDArray[np.float32]
"""RGB (H, W, 3) in [0, 1]."""
GAMMA = 2.2


class Distortion(StrEnum):
    """In the order in which they are applied: lens, sampling, light, colour, processing, sensor, encoder.

    A camera enhances after the sensor's noise; here before it, so that both are seen as strong as their labels say.
    """

    FOCUS = "focus"
    MOTION = "motion"
    RESOLUTION = "resolution"
    EXPOSURE = "exposure"
    VEIL = "veil"
    COLOUR = "colour"
    INFRARED = "infrared"
    ENHANCEMENT = "enhancement"
    NOISE = "noise"
    H264 = "h264"


@dataclass(frozen=True, slots=True)
class StrengthRange:
    """A physical quantity that grows (or falls) by a constant factor from strength 0 to 1."""

    first: float
    last: float

    def at(self, strength: float) -> float:
        """The quantity at a strength in [0, 1]."""
        return float(self.first * (self.last / self.first) ** strength)


FOCUS_SIGMA = StrengthRange(0.9, 8.0)
MOTION_LENGTH = StrengthRange(3.0, 42.0)
FACE_SIDE = StrengthRange(124.0, 14.0)
"""Pixels across the face that are left; half such a pixel is the defocus of the same strength, so that the same blur
has the same label whatever it comes from."""
EXPOSURE_STOPS = (0.8, 5.0)
VEIL_SHARE = (0.12, 0.88)
"""Evenly spaced: a stop is a logarithm already, and what the veil leaves of the contrast falls with its share."""
COLOUR_GAIN = StrengthRange(1.25, 3.6)
"""How much stronger one channel becomes than another."""
NOISE_LEVELS = StrengthRange(3.0, 45.0)
ENHANCEMENT_GAIN = StrengthRange(0.5, 9.0)
CRF = (26, 47)


def focus(picture: Picture, strength: float, scale: float, generator: np.random.Generator) -> Picture:
    """Gaussian defocus."""
    return _clip_to_unit(cv2.GaussianBlur(picture, (0, 0), FOCUS_SIGMA.at(strength) * scale))


def motion(picture: Picture, strength: float, scale: float, generator: np.random.Generator) -> Picture:
    """Motion along a straight line in any direction."""
    length = max(1.0, MOTION_LENGTH.at(strength) * scale)
    side = int(np.ceil(length)) // 2 * 2 + 3
    angle = generator.uniform(0, np.pi)
    reach = np.array([np.sin(angle), np.cos(angle)]) * length / 2
    places = np.linspace(-1, 1, 8 * side)[:, None] * reach + side // 2
    kernel = np.zeros((side, side), np.float32)
    whole = np.floor(places).astype(int)
    part = places - whole
    for down in (0, 1):
        for right in (0, 1):
            weight = np.abs(1 - down - part[:, 0]) * np.abs(1 - right - part[:, 1])
            np.add.at(kernel, (whole[:, 0] + down, whole[:, 1] + right), weight)
    return _clip_to_unit(cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE))


def resolution(picture: Picture, strength: float, scale: float, generator: np.random.Generator) -> Picture:
    """Averaged down until so many pixels are left across the face, then enlarged again; never sharpened."""
    height, width = picture.shape[:2]
    factor = min(1.0, FACE_SIDE.at(strength) / (224 * scale))
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    how = cv2.INTER_CUBIC if generator.random() < 0.5 else cv2.INTER_LINEAR
    return _clip_to_unit(cv2.resize(small, (width, height), interpolation=how))


def exposure(picture: Picture, strength: float, scale: float, generator: np.random.Generator) -> Picture:
    """More or less light by so many stops in linear light, half as many upwards, where clipping comes sooner."""
    stops = np.interp(strength, (0, 1), EXPOSURE_STOPS)
    gain = 2.0**-stops if generator.random() < 0.6 else 2.0 ** (stops / 2)
    return _clip_to_unit((gain * picture**GAMMA).clip(0, 1) ** (1 / GAMMA))


def veil(picture: Picture, strength: float, scale: float, generator: np.random.Generator) -> Picture:
    """Mixed with grey: fog, a dirty lens, light shining in."""
    share = np.float32(np.interp(strength, (0, 1), VEIL_SHARE))
    return _clip_to_unit((1 - share) * picture + share * generator.uniform(0.35, 0.8))


def colour(picture: Picture, strength: float, scale: float, generator: np.random.Generator) -> Picture:
    """Wrong white balance: one or two channels stronger than the others in linear light, the luma kept."""
    gain = COLOUR_GAIN.at(strength)
    gains = np.full(3, gain**-0.5, np.float32)
    chosen = generator.permutation(3)[: generator.integers(1, 3)]
    gains[chosen] = gain**0.5
    shifted = picture**GAMMA * gains
    kept = shifted * (_luma(picture**GAMMA) / np.maximum(_luma(shifted), 1e-6))
    return _clip_to_unit(kept.clip(0, 1) ** (1 / GAMMA))


def infrared(picture: Picture, strength: float, scale: float, generator: np.random.Generator) -> Picture:
    """Infrared light added: colours give way to a grey that is mostly red, with a violet tint on the way."""
    grey = (picture @ np.array([0.7, 0.25, 0.05], np.float32))[..., None]
    tint = np.array([0.06, -0.03, 0.06], np.float32) * np.float32(4 * strength * (1 - strength))
    share = np.float32(0.1 + 0.9 * strength)
    return _clip_to_unit((1 - share) * picture + share * grey + tint)


def noise(picture: Picture, strength: float, scale: float, generator: np.random.Generator) -> Picture:
    """Sensor noise at high gain: a part that grows with the light, a part that does not, a third of it in all colours.

    Fine, or (half the time) softened by 0.7 pixels as demosaicing does; the deviation is kept.
    """
    height, width = picture.shape[:2]
    grain = generator.standard_normal((height, width, 4), dtype=np.float32)
    if generator.random() < 0.5:
        grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.7), np.float32)
        grain /= grain.std()
    mixed = np.sqrt(np.float32(0.35)) * grain[..., 3:] + np.sqrt(np.float32(0.65)) * grain[..., :3]
    deviation = np.float32(NOISE_LEVELS.at(strength) / 255 * max(1.0, scale))
    return _clip_to_unit(picture + deviation * np.sqrt(0.5 + np.float32(0.5) * picture) * mixed)


def enhancement(picture: Picture, strength: float, scale: float, generator: np.random.Generator) -> Picture:
    """Over-enhancement: texture smoothed away, then edges raised until they ring; an approximation of invented
    structure.
    """
    reach = max(0.6, 2.0 * scale)
    smooth = cv2.bilateralFilter(picture, d=-1, sigmaColor=0.01 + 0.12 * strength, sigmaSpace=reach)
    detail = smooth - cv2.GaussianBlur(smooth, (0, 0), reach)
    return _clip_to_unit(smooth + np.float32(ENHANCEMENT_GAIN.at(strength)) * np.tanh(detail * 6) / 6)


def h264(picture: Picture, strength: float, scale: float, generator: np.random.Generator) -> Picture:
    """A key frame of H.264 at a high CRF."""
    crf = round(CRF[0] + (CRF[1] - CRF[0]) * strength)
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    frame = np.rint(picture[:height, :width] * 255).astype(np.uint8)
    coded = compress_frames(frame[None], EncoderSetting(crf, None), Fraction(25))[0].astype(np.float32) / 255
    missing = ((0, picture.shape[0] - height), (0, picture.shape[1] - width), (0, 0))
    return np.pad(coded, missing, mode="edge")


def _luma(picture: Picture) -> Picture:
    luma: Picture = (picture @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    return luma


def _clip_to_unit(picture: NDArray[np.integer | np.floating]) -> Picture:
    return np.asarray(picture, np.float32).clip(0, 1)


DISTORTIONS: Mapping[Distortion, Callable[[Picture, float, float, np.random.Generator], Picture]] = MappingProxyType(
    {
        Distortion.FOCUS: focus,
        Distortion.MOTION: motion,
        Distortion.RESOLUTION: resolution,
        Distortion.EXPOSURE: exposure,
        Distortion.VEIL: veil,
        Distortion.COLOUR: colour,
        Distortion.INFRARED: infrared,
        Distortion.ENHANCEMENT: enhancement,
        Distortion.NOISE: noise,
        Distortion.H264: h264,
    }
)


def distort_face(
    picture: Picture, strengths: Mapping[Distortion, float], scale: float, generator: np.random.Generator
) -> Picture:
    """The picture after every distortion named, in the order of `Distortion`, each at its strength in [0, 1]."""
    for distortion in Distortion:
        if distortion in strengths:
            picture = DISTORTIONS[distortion](picture, strengths[distortion], scale, generator)
    return picture
