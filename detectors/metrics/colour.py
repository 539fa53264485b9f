"""Colour cast, a stuck infrared filter, and whether there is colour at all."""

import math
from collections.abc import Mapping

import cv2
import numpy as np

from detectors.metrics.picture.arrays import Floats, Samples
from detectors.metrics.picture.averages import mean, quantile
from detectors.metrics.picture.codes import FIXED_POINT
from detectors.metrics.picture.decoded_picture import LUMA_WEIGHTS, DecodedPicture
from detectors.metrics.picture.visible import VisibleArea
from detectors.metrics.specs import lower_is_better, neutral_metric

_UNIT = "chroma, share of full range"
_DARK_FLOOR = 0.1
_BLOCKS_SIDE = 64
_MAGENTA_SHARE = 0.25
_PURPLE = 0.03
"""Of luma: less is white balance."""


class ColourMetrics:
    """Chroma as a whole. All is NaN where the stream carries no colour. Masked pixels do not count."""

    name = "colour"
    fingerprint = "colour-3"
    metrics = (
        neutral_metric("saturation", "colourfulness", _UNIT, (0, 0.71), "mean √(Cb²+Cr²)"),
        lower_is_better("cast", "lean of the colours", _UNIT, (0, 0.71), "|mean (Cb, Cr)|"),
        neutral_metric("lean_blue", "lean to blue", "share of luma", (-5, 5), "mean Cb / (mean Y + 0.1)"),
        neutral_metric("lean_red", "lean to red", "share of luma", (-5, 5), "mean Cr / (mean Y + 0.1)"),
        lower_is_better("magenta", "magenta all over", "share of luma", (-1, 1), "ours"),
        lower_is_better("purple_share", "purple parts of the picture", "share of blocks", (0, 1), "ours"),
    )

    def measure(self, picture: DecodedPicture) -> Mapping[str, float]:
        """Return the metrics, measured on chroma reduced to 320."""
        chroma = picture.reduced_chroma
        if chroma is None:
            return dict.fromkeys((spec.key for spec in self.metrics), math.nan)
        (blue, red), codes = chroma, picture.codes8
        visible = _visible_at(picture, blue)
        mean_blue, mean_red = mean(blue, visible), mean(red, visible)
        light = (
            mean(picture.reduced_luma, picture.reduced_visible) / FIXED_POINT - codes.black
        ) / codes.span + _DARK_FLOOR
        return {
            "saturation": mean(cv2.magnitude(blue, red), visible),
            "cast": math.hypot(mean_blue, mean_red),
            "lean_blue": mean_blue / light,
            "lean_red": mean_red / light,
            **_tints(picture, chroma),
        }


def _tints(picture: DecodedPicture, chroma: tuple[Floats, Floats]) -> Mapping[str, float]:
    """Return how magenta and how purple the picture is, over the blocks of a picture of at most 64."""
    blue_less_green, red_less_green, visible = _less_green(picture, chroma)
    tint = (red_less_green + blue_less_green) / 2
    values = tint.ravel() if visible is None else tint[visible.pixels > 0]
    return {
        "magenta": float(np.clip(quantile(values, _MAGENTA_SHARE), -1, 1)),
        "purple_share": purple_share(blue_less_green, red_less_green, visible),
    }


def magenta(picture: DecodedPicture, chroma: tuple[Floats, Floats]) -> float:
    """Return the magenta that at least three quarters of the picture have, [-1, 1]; `chroma` is Cb and Cr of blocks.

    The 25th percentile over blocks of ((R + B)/2 - G) / (Y + 0.1), blocks being the pixels of a picture of at most 64.
    A stuck infrared filter tints everything, leaves and asphalt alike; a magenta thing tints itself. Source: ours.
    """
    return _tints(picture, chroma)["magenta"]


def purple_share(blue_less_green: Floats, red_less_green: Floats, visible: VisibleArea | None = None) -> float:
    """Return the share of the picture that is purple, [0, 1], from the blocks' differences (rows, columns) over luma.

    A block is as purple as green lies behind both red and blue: a blue sky, an orange evening and green leaves are
    not. An infrared filter that did not swing in turns grey things purple and leaves strong colours. Source: ours.
    """
    purple = np.minimum(blue_less_green, red_less_green)
    values = purple.ravel() if visible is None else purple[visible.pixels > 0]
    return np.count_nonzero(values >= _PURPLE) / values.size if values.size else math.nan


def _less_green(picture: DecodedPicture, chroma: tuple[Floats, Floats]) -> tuple[Floats, Floats, VisibleArea | None]:
    """Return (B - G) / (Y + 0.1) and (R - G) / (Y + 0.1) of the blocks, and which are visible."""
    side = -(-max(chroma[0].shape) // _BLOCKS_SIDE)
    size = (max(1, chroma[0].shape[0] // side), max(1, chroma[0].shape[1] // side))
    # Whole blocks alone: they are averaged ten times as fastly as fractions.
    blue, red = (
        cv2.resize(plane[: size[0] * side, : size[1] * side], size[::-1], interpolation=cv2.INTER_AREA)
        for plane in chroma
    )
    light = cv2.resize(picture.small, size[::-1], interpolation=cv2.INTER_AREA)
    kr, kb = LUMA_WEIGHTS[picture.matrix]
    red_part, blue_part = (2 - 2 * kr) * red, (2 - 2 * kb) * blue
    green = -(kr * red_part + kb * blue_part) / (1 - kr - kb)
    base = light + _DARK_FLOOR
    return (blue_part - green) / base, (red_part - green) / base, _visible_at(picture, blue)


def _visible_at(picture: DecodedPicture, plane: Samples) -> VisibleArea | None:
    """Return the visible area at the size of a plane that covers the whole picture."""
    if picture.reduced_visible is None:
        return None
    return VisibleArea(picture.reduced_visible.blocks((plane.shape[0], plane.shape[1])))
