"""Low contrast, fog, film: how far the picture reaches from dark to bright."""

import math
from collections.abc import Mapping

import cv2
import numpy as np

from detectors.metrics.picture.arrays import Bytes, Floats
from detectors.metrics.picture.averages import lower_median, percentiles
from detectors.metrics.picture.decoded_picture import LUMA_WEIGHTS, DecodedPicture
from detectors.metrics.picture.visible import VisibleArea
from detectors.metrics.picture.windows import block_sums
from detectors.metrics.specs import LEVELS, higher_is_better, lower_is_better
from domain.frames import ColorMatrix

_PATCH_SHARE = 15 / 320
_BLOCK = 16


class ContrastMetrics:
    """Contrast of the whole, of its parts, and the veil over it. Masked pixels do not count."""

    name = "contrast"
    fingerprint = "contrast-3"
    metrics = (
        higher_is_better("contrast_rms", "contrast", "share of white", (0, 0.5), "Peli 1990: std(Y)/255"),
        higher_is_better("local_contrast", "local contrast", LEVELS, (0, 127.5), "ours"),
        lower_is_better("haze", "veil over the picture", "share of white", (0, 1), "dark channel, He 2009"),
    )

    def measure(self, picture: DecodedPicture) -> Mapping[str, float]:
        """Return the metrics: RMS contrast at native size, the rest on the reduced picture."""
        return {
            "contrast_rms": contrast_rms(picture),
            "local_contrast": local_contrast(picture.reduced8, picture.reduced_visible) * picture.codes8.levels,
            "haze": haze(picture),
        }


def contrast_rms(picture: DecodedPicture) -> float:
    """Return RMS contrast, the standard deviation of luma in [0, 1], as [0, 0.5].

    Source: Peli, "Contrast in complex images", JOSA A 1990; the seed papers' std(Y)/255. Of pictures above half a
    million pixels, of every n-th row.
    """
    rows = picture.enough_rows
    mask = None if picture.visible is None else picture.visible.pixels[rows]
    if mask is not None and not mask.any():
        return math.nan
    return float(cv2.meanStdDev(picture.luma[rows], mask=mask)[1].item() / picture.codes.span)


def local_contrast(codes: Bytes, visible: VisibleArea | None = None) -> float:
    """Return the median over 16x16 blocks of the standard deviation within, in codes; higher is clearer.

    Sees fog that leaves a gradient from sky to ground and accepts objects before it. `codes` (h, w) of 8 bits.
    Source: ours.
    """
    if min(codes.shape) < 2 * _BLOCK:
        return math.nan
    pixels = _BLOCK * _BLOCK
    means = block_sums(codes, _BLOCK, np.uint16) / pixels
    squares = block_sums(np.multiply(codes, codes, dtype=np.uint16), _BLOCK) / pixels
    deviation = np.sqrt(np.maximum(squares - means * means, 0))
    return lower_median(deviation.ravel() if visible is None else deviation[visible.whole_blocks(_BLOCK)])


def haze(picture: DecodedPicture) -> float:
    """Return how bright even the darkest things are, [0, 1]; rises with fog, film and stray light.

    The dark channel (He, Sun, Tang, "Single image haze removal using dark channel prior", 2009), min over the colours
    and over 15x15 pixels of a picture of 320 (a smaller one: as large a part of it), of which the 20th percentile over
    the picture is taken (ours): sky and lamps have no dark channel in clear air either, and seldom fill more than half
    of a view.
    """
    luma = picture.small
    darkest = luma if picture.reduced_chroma is None else _darkest(luma, picture.reduced_chroma, picture.matrix)
    side = max(3, round(_PATCH_SHARE * max(luma.shape)) | 1)
    patch = np.ones((side, side), np.uint8)
    levels = cv2.erode(cv2.convertScaleAbs(darkest, alpha=255), patch, borderType=cv2.BORDER_REPLICATE)
    size = (luma.shape[0], luma.shape[1])
    visible = None if picture.reduced_visible is None else VisibleArea(picture.reduced_visible.blocks(size))
    return percentiles(np.asarray(levels, np.uint8), (0.2,), visible)[0] / 255


def _darkest(luma: Floats, chroma: tuple[Floats, Floats], matrix: ColorMatrix) -> Floats:
    """Return the least of red, green and blue, at least 0, at the size of `luma`."""
    blue, red = chroma
    kr, kb = LUMA_WEIGHTS[matrix]
    kg, to_red, to_blue = 1 - kr - kb, 2 - 2 * kr, 2 - 2 * kb
    least = np.minimum(red * np.float32(to_red), blue * np.float32(to_blue))
    green = blue * np.float32(-kb * to_blue / kg)
    green -= red * np.float32(kr * to_red / kg)
    np.minimum(least, green, out=least)
    if least.shape != luma.shape:
        least = np.asarray(cv2.resize(least, luma.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    least += luma
    return np.asarray(np.maximum(least, np.float32(0)), np.float32)
