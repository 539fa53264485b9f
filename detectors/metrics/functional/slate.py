"""What a recorder shows in place of a camera's picture when its signal is lost: a slate, one flat colour, or colour
bars."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from detectors.metrics.picture.arrays import Bytes, Floats, Samples
from detectors.metrics.picture.averages import lower_median, median_code
from detectors.metrics.picture.codes import CodeRange
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.metrics.picture.windows import area_mean

_SIDE = 320
_SAME = 2.5 / 255
_TEXT_STEP = 0.3
_LEAST_TEXT, _MOST_TEXT = 0.0015, 0.15
_MIDDLE = 0.2

_EXACT = 0.6
_LEAST_FLAT = 0.9
_DARK, _BURNT_OUT, _NEUTRAL = 0.10, 0.97, 0.05

_PATCH, _PATCH_RANGE, _PATCH_BORDER = 3, 6, 7
_BAR_HUES = (-7, 52, 106, 173, 232, 286)
"""Blue, magenta, red, yellow, green and cyan in the plane of (Cb, Cr), degrees, between those of BT.601 and BT.709."""
_HUE_REACH, _LEAST_CHROMA = 15, 0.12
_LEAST_HUES, _LEAST_OF_HUE = 5, 0.02
_OPPOSITE = 0.39
"""Cosine of 67 degrees: as far as magenta, the bluer of two, may turn to red; green to blue is the mirror image."""


def slate_share(picture: DecodedPicture) -> float:
    """Return how much of the picture looks generated: a slate with text, one flat colour, or colour bars, [0, 1]."""
    return max(text_slate(picture), one_colour(picture), colour_bars(picture))


def text_slate(picture: DecodedPicture) -> float:
    """Return the share of pixels of exactly one colour where there is text in the middle, else 0; [0, 1].

    One colour: within 2.5 levels of the picture's median in luma and both chroma. Text: 0.15 % to 15 % of the inner
    60 % by 60 % are lighter or darker than that by 0.3. A black picture with only a clock at its border has no text
    in the middle and is no slate; a sensor's noise leaves no exact colour. Masks are not respected: a slate fills the
    picture. Source: ours.
    """
    luma = picture.small
    size = (luma.shape[0], luma.shape[1])
    if not _LEAST_TEXT <= _text_share(picture.small8) <= _MOST_TEXT:
        return 0.0
    same = np.abs(luma - np.float32(lower_median(luma.ravel()))) < _SAME
    for plane in picture.reduced_chroma or ():
        colour = _fit(plane, size)
        same &= np.abs(colour - np.float32(lower_median(colour.ravel()))) < _SAME
    return float(same.mean())


def _text_share(levels: Bytes) -> float:
    """Return the share of the inner 60 % by 60 % that is lighter or darker than the median by 0.3."""
    median, (height, width) = median_code(levels), levels.shape
    top, left = int(height * _MIDDLE), int(width * _MIDDLE)
    middle = levels[top : height - top, left : width - left]
    step = _TEXT_STEP * 255
    usual = cv2.inRange(middle, math.ceil(median - step), math.floor(median + step))
    return 1 - cv2.countNonZero(usual) / usual.size


def _fit(plane: Floats, size: tuple[int, int]) -> Floats:
    """Return a plane at `size` by means over areas, repeated where it is smaller."""
    if plane.shape[0] < size[0] or plane.shape[1] < size[1]:
        return np.asarray(cv2.resize(plane, size[::-1], interpolation=cv2.INTER_NEAREST), np.float32)
    return area_mean(plane, size)


def one_colour(picture: DecodedPicture) -> float:
    """Return the share of pixels of exactly one colour where that is nearly all of the picture, else 0.

    One colour: the median's own code (within 0.6 levels) in luma and both chroma, in single samples. A generated
    colour stays exact whatever codes it, while a wall, or a fog smoothed by an encoder, goes through several codes.
    Nearly all: 90 %, which leaves room for a clock and a name, and is more than masks cover. Black and white are left
    to the faults of the light. Source: ours.
    """
    codes = picture.codes
    luma = _samples(picture.luma)
    median = median_code(luma)
    same = _near(luma, median, _EXACT / 255 * codes.span)
    if cv2.countNonZero(same) < _LEAST_FLAT * same.size:
        return 0.0
    coloured = False
    if picture.chroma is not None:
        planes = [_samples(plane) for plane in picture.chroma]
        usual = [median_code(plane) for plane in planes]
        reach = _EXACT / 255 * codes.colour_span
        alike = cv2.min(_near(planes[0], usual[0], reach), _near(planes[1], usual[1], reach))
        everywhere = cv2.resize(alike, luma.shape[::-1], interpolation=cv2.INTER_NEAREST)
        same = np.asarray(cv2.min(same, everywhere), np.uint8)
        coloured = math.hypot(*(each - codes.neutral for each in usual)) / codes.colour_span >= _NEUTRAL
    light = (median - codes.black) / codes.span
    share = _share(same)
    generated = (light >= _DARK or coloured) and light < _BURNT_OUT
    return share if generated and share >= _LEAST_FLAT else 0.0


def _near(plane: Samples, code: int, reach: float) -> Bytes:
    low, high = max(0, math.ceil(code - reach)), math.floor(code + reach)
    return np.asarray(cv2.inRange(plane, low, high), np.uint8)


def colour_bars(picture: DecodedPicture) -> float:
    """Return the share of the picture in flat patches where the hues of colour bars are among them, else 0.

    Flat: single samples that differ by at most 6 levels from their neighbours, and what lies between such patches.
    Hues: at least five of blue, magenta, red, yellow, green and cyan, saturated, each on 2 % of the picture, wherever
    they are. Painted walls and containers show some of these hues, shaded and with texture, and never all. Grey test
    patterns are not recognised. 0 without colour. Source: ours, after the hues of SMPTE EG 1 and EBU bars.
    """
    if picture.chroma is None:
        return 0.0
    codes = picture.codes
    planes = [_samples(plane) for plane in picture.chroma]
    flat = _flat_patches(picture, planes)
    if flat is None:
        return 0.0
    blue, red = ((plane.astype(np.float32) - codes.neutral) / codes.colour_span for plane in planes)
    saturated = (cv2.magnitude(blue, red) >= _LEAST_CHROMA) & (flat > 0)
    if saturated.mean() < _LEAST_HUES * _LEAST_OF_HUE:
        return 0.0
    angle = np.degrees(np.arctan2(red[saturated], blue[saturated]))
    apart = np.abs((angle[:, None] - np.array(_BAR_HUES, np.float32) + 180) % 360 - 180)
    found = int(((apart <= _HUE_REACH).sum(axis=0) >= _LEAST_OF_HUE * saturated.size).sum())
    if found < _LEAST_HUES:
        return 0.0
    border = np.ones((_PATCH_BORDER, _PATCH_BORDER), np.uint8)
    return float((cv2.dilate(flat, border, borderType=cv2.BORDER_REPLICATE) > 0).mean())


def _flat_patches(picture: DecodedPicture, planes: Sequence[Samples]) -> Bytes | None:
    """Return 1 in flat patches, None where too few of them have strong colour; what is seen quickest comes first."""
    codes = picture.codes
    if not _has_opposite_hues(planes, codes):
        return None
    strong = _strong(planes, codes)
    if _share(strong) < _LEAST_HUES * _LEAST_OF_HUE:
        return None
    flat = cv2.min(*(_flat(plane, _PATCH_RANGE / 255 * codes.colour_span) for plane in planes))
    if _share(cv2.min(flat, strong)) < _LEAST_HUES * _LEAST_OF_HUE:
        return None
    luma = cv2.resize(_samples(picture.luma), planes[0].shape[::-1], interpolation=cv2.INTER_NEAREST)
    flat = cv2.min(flat, _flat(luma, _PATCH_RANGE / 255 * codes.span))
    enough = _share(cv2.min(flat, strong)) >= _LEAST_HUES * _LEAST_OF_HUE
    return np.asarray(flat, np.uint8) if enough else None


def _has_opposite_hues(planes: Sequence[Samples], codes: CodeRange) -> bool:
    """Return whether both planes reach far enough to both sides of neutral for five of the six hues.

    Whichever hue is missing, one of those left leans to each side: each by `_OPPOSITE` of its chroma at least.
    """
    least = math.floor(_OPPOSITE * _LEAST_CHROMA * codes.colour_span)
    enough = _LEAST_OF_HUE * planes[0].size
    for plane in planes:
        lowest, highest, _, _ = cv2.minMaxLoc(plane)
        if lowest > codes.neutral - least or highest < codes.neutral + least:
            return False
    return all(
        cv2.countNonZero(cv2.inRange(plane, low, high)) >= enough
        for plane in planes
        for low, high in ((0, codes.neutral - least), (codes.neutral + least, codes.highest))
    )


def _strong(planes: Sequence[Samples], codes: CodeRange) -> Bytes:
    """Return 1 where the greater colour is strong enough for the two together to be saturated."""
    least = math.floor(_LEAST_CHROMA / math.sqrt(2) * codes.colour_span)
    neutral = planes[0].dtype.type(codes.neutral)
    away = cv2.max(*(cv2.absdiff(plane, np.full_like(plane, neutral)) for plane in planes))
    return (away >= least).view(np.uint8)


def _share(found: Samples) -> float:
    return cv2.countNonZero(found) / found.size


def _flat(plane: Samples, reach: float) -> Bytes:
    """Return 1 where a sample differs by at most `reach` codes from all around it."""
    patch = np.ones((_PATCH, _PATCH), np.uint8)
    highest = cv2.dilate(plane, patch, borderType=cv2.BORDER_REPLICATE)
    lowest = cv2.erode(plane, patch, borderType=cv2.BORDER_REPLICATE)
    return (cv2.subtract(highest, lowest) <= math.floor(reach)).view(np.uint8)


def _samples(plane: Samples) -> Samples:
    """Return every n-th sample of each direction so that the longer side is at most 320; no means."""
    step = -(-max(plane.shape) // _SIDE)
    return np.ascontiguousarray(plane[::step, ::step])
