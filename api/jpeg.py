"""A frame as a JPEG for a person to look at: never stored, never scored."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.errors import FrameRejected
from domain.frames import ColorMatrix, ColorRange, Frame, Plane

MAX_WIDTH = 1920
JPEG_QUALITY = 85

_LUMA_WEIGHTS = {
    ColorMatrix.BT601: (0.299, 0.114),
    ColorMatrix.BT709: (0.2126, 0.0722),
    ColorMatrix.BT2020: (0.2627, 0.0593),
}
"""(Kr, Kb) of ITU-R BT.601, BT.709 and BT.2020; Kg = 1 - Kr - Kb."""

Samples: TypeAlias = NDArray[np.float32]
Levels: TypeAlias = NDArray[np.uint8]


def encode_jpeg(frame: Frame, width: int) -> bytes:
    """Return `frame` as a JPEG at most `width` pixels wide, its shape kept. Raises `FrameRejected`."""
    encoded, data = cv2.imencode(".jpg", convert_to_bgr(frame, width), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not encoded:
        raise FrameRejected("the picture of now cannot be encoded")
    return bytes(data)


def convert_to_bgr(frame: Frame, width: int) -> Levels:
    """Return (h, w, 3) blue, green, red of `frame` reduced to at most `width`. Raises `FrameRejected`."""
    form = frame.format
    size = _reduced_size(form.width, form.height, width)
    name = form.pixel_format
    if not frame.planes:
        raise FrameRejected(f"a picture in {name} came without planes")
    if name == "rgb24":
        rgb = _resize_plane(frame.planes[0], size)
        return _to_levels((rgb[..., ::-1] / 255).astype(np.float32))
    luma, chroma = _luma_and_chroma(frame)
    full = form.color_range is ColorRange.FULL or name.startswith("yuvj")
    bits = 10 if name.endswith("10le") else 12 if name.endswith("12le") else 8
    y = _expand_range(_resize_plane(luma, size), bits, 16.0, 219.0, full=full)
    if not chroma:
        return np.repeat(_to_levels(y)[..., None], 3, axis=2)
    cb, cr = (_expand_range(_resize_plane(plane, size), bits, 128.0, 224.0, full=full) for plane in chroma)
    kr, kb = _LUMA_WEIGHTS[form.color_matrix]
    red = y + (2 - 2 * kr) * cr
    blue = y + (2 - 2 * kb) * cb
    green = ((y - kr * red - kb * blue) / (1 - kr - kb)).astype(np.float32)
    return np.stack([_to_levels(blue), _to_levels(green), _to_levels(red)], axis=2)


def _luma_and_chroma(frame: Frame) -> tuple[Plane, tuple[Plane, ...]]:
    """Return luma, and Cb and Cr where there is colour."""
    name, planes = frame.format.pixel_format, frame.planes
    if name.startswith("gray") or len(planes) == 1:
        return planes[0], ()
    if name == "nv12":
        pairs = planes[1].reshape(planes[1].shape[0], -1, 2).astype(np.uint8)
        return planes[0], (np.ascontiguousarray(pairs[..., 0]), np.ascontiguousarray(pairs[..., 1]))
    if len(planes) == 3:
        return planes[0], (planes[1], planes[2])
    raise FrameRejected(f"a picture in {name} with {len(planes)} planes cannot be shown")


def _reduced_size(width: int, height: int, widest: int) -> tuple[int, int]:
    factor = min(1.0, widest / width)
    return max(1, round(width * factor)), max(1, round(height * factor))


def _resize_plane(plane: Plane, size: tuple[int, int]) -> Samples:
    shrinks = plane.shape[1] > size[0]
    resized = cv2.resize(plane, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized.astype(np.float32)


def _expand_range(samples: Samples, bits: int, offset: float, span: float, *, full: bool) -> Samples:
    """Return luma in 0 … 1 (offset 16) or chroma in -0.5 … 0.5 (offset 128) of samples of 8, 10 or 12 bits."""
    scale = float(2 ** (bits - 8))
    if full:
        top = float(2**bits - 1)
        return samples / np.float32(top) if offset == 16.0 else (samples - np.float32(128.0 * scale)) / np.float32(top)
    return (samples / np.float32(scale) - np.float32(offset)) / np.float32(span)


def _to_levels(samples: Samples) -> Levels:
    levels: Levels = np.clip(np.rint(samples * 255.0), 0, 255).astype(np.uint8)
    return levels
