"""What happens to a camera's picture, with a strength drawn at random: the training pairs of detectability.

Every degradation takes and returns an RGB picture (H, W, 3), uint8 levels 0 to 255; its size may shrink by a row or
column where an encoder needs even sides.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from lab.training.augment.video_compression import EncoderSetting, Pixels, compress_frames, crop_to_even

CLIP_FRAMES = 3


def defocus(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """Gaussian blur of 0.5 to 9 pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _between(generator, 0.5, 9)), np.uint8)


def motion_blur(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """Motion along a line of 3 to 40 pixels in any direction."""
    length = _between(generator, 3, 40)
    side = int(length) // 2 * 2 + 3
    angle = generator.uniform(0, np.pi)
    reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    line = np.zeros((side, side), np.float32)
    steps = np.linspace(-1, 1, 4 * side)[:, None] * reach + side // 2
    np.add.at(line, tuple(np.clip(np.rint(steps), 0, side - 1).astype(int).T), 1.0)
    return np.asarray(cv2.filter2D(picture, -1, line / line.sum()), np.uint8)


def add_sensor_noise(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """Sensor noise of 4 to 90 levels, fine or twice as coarse as the pixels."""
    return _with_noise(picture.astype(np.float32), _between(generator, 4, 90), generator)


def darken_noisily(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """0.6 down to 0.003 of the light (gamma 2.2), and up to six levels of noise left over."""
    dark = 255 * (_between(generator, 0.003, 0.6) * (picture / 255.0) ** 2.2) ** (1 / 2.2)
    return _with_noise(dark.astype(np.float32), generator.uniform(0, 6), generator)


def overexpose(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """1.3 to 20 times the light, clipped."""
    return _levels(255 * (_between(generator, 1.3, 20) * (picture / 255.0) ** 2.2) ** (1 / 2.2))


def add_haze(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """Mixed with 0.2 to 0.98 of a grey veil, denser towards the top in half the pictures."""
    clear = 1 - generator.uniform(0.2, 0.98)
    veil = generator.uniform(130, 235)
    rows = np.linspace(1, 0, len(picture), dtype=np.float32)[:, None, None]
    share = clear ** (1 + rows) if generator.random() < 0.5 else np.float32(clear)
    return _levels(picture * share + veil * (1 - share))


def flatten_contrast(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """Contrast lowered to 0.7 down to 0.03 around the picture's own mean."""
    mean = picture.mean()
    return _levels(mean + (picture - mean) * _between(generator, 0.03, 0.7))


def reduce_resolution(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """Reduced 1.5 to 12 times and enlarged again, as a sub-stream on a large screen."""
    height, width = picture.shape[:2]
    factor = _between(generator, 1.5, 12)
    small = cv2.resize(
        picture, (max(8, round(width / factor)), max(8, round(height / factor))), interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def recompress_jpeg(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """Motion JPEG at quality 45 down to 1."""
    quality = int(_between(generator, 1, 45))
    _, packet = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(packet, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


def recompress_h264(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """H.264 at CRF 23 to 51: the last of three pictures of a camera that shakes by a pixel."""
    picture = crop_to_even(picture)
    moved = [np.roll(picture, int(generator.integers(-1, 2)), axis=1) for _ in range(CLIP_FRAMES - 1)]
    setting = EncoderSetting(int(generator.integers(23, 52)), None)
    last: Pixels = compress_frames(np.stack([*moved, picture]), setting, Fraction(25))[-1]
    return last


DEGRADATIONS: Mapping[str, Callable[[Pixels, np.random.Generator], Pixels]] = MappingProxyType(
    {
        "defocus": defocus,
        "motion": motion_blur,
        "noise": add_sensor_noise,
        "darkness": darken_noisily,
        "overexposure": overexpose,
        "fog": add_haze,
        "low contrast": flatten_contrast,
        "low resolution": reduce_resolution,
        "jpeg": recompress_jpeg,
        "h264": recompress_h264,
    }
)
"""Each keeps the picture's size to within a row and a column."""


def degrade_randomly(picture: Pixels, generator: np.random.Generator) -> tuple[Pixels, str]:
    """One degradation, or in a quarter of the cases two after one another, and their names."""
    count = 2 if generator.random() < 0.25 else 1
    names = list(generator.choice(list(DEGRADATIONS), size=count, replace=False))
    for name in names:
        picture = DEGRADATIONS[name](picture, generator)
    return picture, " + ".join(names)


def _between(generator: np.random.Generator, low: float, high: float) -> float:
    """Evenly over the logarithm."""
    return float(np.exp(generator.uniform(np.log(low), np.log(high))))


def _with_noise(levels: NDArray[np.float32], sigma: float, generator: np.random.Generator) -> Pixels:
    height, width = levels.shape[:2]
    coarse = 2 if generator.random() < 0.5 else 1
    shape = (-(-height // coarse), -(-width // coarse), 3)
    noise = generator.standard_normal(shape, np.float32).repeat(coarse, axis=0).repeat(coarse, axis=1)
    return _levels(levels + sigma * noise[:height, :width])


def _levels(values: NDArray[np.floating]) -> Pixels:
    levels: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels
