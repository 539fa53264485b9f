"""A decoded AVFrame as the planes Sightline travels with: copied at most once, never scaled, never rounded.

Formats that hold the same samples in another order are rearranged; a format whose samples would change is refused.
"""

from collections.abc import Mapping
from typing import Any, cast

import av
import numpy as np
from av.sidedata.encparams import VideoEncParams
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import ColorRange as AvColorRange
from av.video.reformatter import Colorspace, VideoReformatter

from domain.errors import CodecUnsupported
from domain.frames import ColorMatrix, ColorRange, FrameFormat, Plane

NATIVE = frozenset(
    {
        *("yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p"),
        *("yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv420p12le", "yuv422p12le", "yuv444p12le"),
        *("gray", "gray10le", "gray12le", "nv12", "rgb24"),
    }
)
SAME_SAMPLES: Mapping[str, str] = {
    "yuva420p": "yuv420p",
    "yuva422p": "yuv422p",
    "yuva444p": "yuv444p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "p010le": "yuv420p10le",
    "gbrp": "rgb24",
    "bgr24": "rgb24",
    "rgba": "rgb24",
    "bgra": "rgb24",
    "argb": "rgb24",
    "abgr": "rgb24",
    "rgb0": "rgb24",
    "bgr0": "rgb24",
    "0rgb": "rgb24",
    "0bgr": "rgb24",
    "pal8": "rgb24",
    "ya8": "gray",
}
"""FFmpeg pixel formats whose samples, alpha apart, a format of ours holds unchanged."""

_MATRICES = {
    1: ColorMatrix.BT709,
    5: ColorMatrix.BT601,
    6: ColorMatrix.BT601,
    9: ColorMatrix.BT2020,
    10: ColorMatrix.BT2020,
}
"""AVColorSpace (ITU-T H.273 MatrixCoefficients) to ours."""

_HD_LINES = 720


def extract_planes(frame: av.VideoFrame, reformatter: VideoReformatter) -> tuple[FrameFormat, tuple[Plane, ...]]:
    """Return the format of a frame and its planes, cropped to the visible size, rows contiguous, samples unchanged.

    `reformatter` is the caller's, one a thread: a frame that makes its own leaks. Raises `CodecUnsupported` for a pixel
    format that none of ours holds without loss.
    """
    color_range = _find_range(frame)
    color_matrix = _find_matrix(frame, color_range)
    held = _rearrange(frame, reformatter)
    description = FrameFormat(frame.width, frame.height, held.format.name, color_range, color_matrix)
    return description, tuple(_extract_plane(held, index) for index in range(len(held.planes)))


def _rearrange(frame: av.VideoFrame, reformatter: VideoReformatter) -> av.VideoFrame:
    name = frame.format.name
    if name in NATIVE:
        return frame
    target = SAME_SAMPLES.get(name)
    if target is None:
        raise CodecUnsupported(f"pixel format {name} is not supported: it cannot be judged without altering it")
    # Equal range on both sides keeps swscale from stretching the samples.
    kept = AvColorRange.JPEG if _find_range(frame) is ColorRange.FULL else AvColorRange.MPEG
    space = Colorspace.ITU601
    return reformatter.reformat(
        frame, format=target, src_colorspace=space, dst_colorspace=space, src_color_range=kept, dst_color_range=kept
    )


def _find_range(frame: av.VideoFrame) -> ColorRange:
    name = frame.format.name
    if frame.color_range == AvColorRange.JPEG or name.startswith("yuvj") or frame.format.is_rgb or name == "pal8":
        return ColorRange.FULL
    return ColorRange.LIMITED


def _find_matrix(frame: av.VideoFrame, color_range: ColorRange) -> ColorMatrix:
    """Return the declared matrix; where none is, BT.601 below 720 lines and for JPEG pictures, else BT.709."""
    declared = _MATRICES.get(int(frame.colorspace))
    if declared is not None:
        return declared
    jpeg = frame.format.name.startswith("yuvj")
    return ColorMatrix.BT709 if frame.height >= _HD_LINES and not jpeg else ColorMatrix.BT601


def _extract_plane(frame: av.VideoFrame, index: int) -> Plane:
    plane = frame.planes[index]
    component = next(part for part in frame.format.components if part.plane == index)
    dtype = np.dtype(np.uint16 if component.bits > 8 else np.uint8)
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)
    samples = {"nv12": (1, 2)[index > 0], "rgb24": 3}.get(frame.format.name, 1)
    used = rows[:, : plane.width * samples * dtype.itemsize]
    picture = np.ascontiguousarray(used).view(dtype)
    if frame.format.name == "rgb24":
        return picture.reshape(plane.height, plane.width, 3)
    return picture


DELTA_OFFSET = 16
"""Of `delta_qp` in an `AVVideoBlockParams`: after the four ints src_x, src_y, w, h."""


def mean_qp(frame: av.VideoFrame) -> float | None:
    """Return the mean luma quantiser over the frame's blocks (H.264: 0 … 51), None where the decoder exports none.

    Read through numpy: a loop over the blocks costs 2 ms for 1080p.
    """
    try:
        # `frame.side_data` would make a cycle of the frame and its side data: the picture's memory then waits for the
        # garbage collector, and the decoder takes new memory for each picture.
        parameters = cast("Any", SideDataContainer)(frame).get(SideDataType.VIDEO_ENC_PARAMS)
    except ValueError:
        # PyAV reads all side data at once and knows fewer kinds than FFmpeg attaches (EXIF of a TIFF, for one).
        return None
    if not isinstance(parameters, VideoEncParams):
        return None
    if parameters.nb_blocks == 0:
        return float(parameters.qp)
    deltas = np.ndarray(
        shape=(parameters.nb_blocks,),
        dtype=np.int32,
        buffer=cast("Any", parameters),
        offset=parameters.blocks_offset + DELTA_OFFSET,
        strides=(parameters.block_size,),
    )
    return float(parameters.qp + np.add.reduce(deltas) / parameters.nb_blocks)
