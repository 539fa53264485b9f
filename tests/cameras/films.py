"""Small films for tests: a gradient with a moving square, any size, format and codec, encoded by PyAV."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

SIZE = (160, 96)


def draw_test_picture(index: int, width: int, height: int) -> NDArray[np.uint8]:
    """Return (height, width, 3) uint8: a static gradient and a square that moves a little each picture."""
    rows, columns = np.mgrid[0:height, 0:width]
    grey = (rows * 2 + columns) % 200 + 20
    side = max(2, height // 4)
    left = (index * 3) % max(1, width - side)
    grey[height // 3 : height // 3 + side, left : left + side] = 235
    return np.repeat(grey[..., None].astype(np.uint8), 3, axis=2)


def write_test_film(
    path: Path,
    *,
    frames: int = 30,
    fps: int = 10,
    size: tuple[int, int] = SIZE,
    gop: int = 10,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    color_range: int = 0,
) -> Path:
    """Write a film; `options` are the encoder's own. Returns its path."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options={"g": str(gop), "bf": "0", **(options or {})})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, pixel_format
        stream.codec_context.color_range = color_range
        stream.codec_context.thread_count = 1
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(draw_test_picture(index, *size), format="rgb24").reformat(
                format=pixel_format, dst_color_range=color_range or None
            )
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


X264 = {"bf": "0", "tune": "zerolatency", "preset": "ultrafast", "repeat-headers": "1"}
ENCODERS: Mapping[str, Mapping[str, str]] = {
    "libx264": X264,
    "libx265": {
        "preset": "ultrafast",
        "x265-params": "bframes=0:repeat-headers=1:slices=2:log-level=0:pools=1:frame-threads=1",
    },
    "mjpeg": {},
    "mpeg4": {},
    "mpeg2video": {"b": "2000000"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
}


def encode_access_units(
    frames: int,
    *,
    size: tuple[int, int] = SIZE,
    gop: int = 10,
    codec: str = "libx264",
    options: Mapping[str, str] | None = None,
) -> list[bytes]:
    """Return the packets of a film as a camera sends them: start codes, parameter sets before key frames."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.color_range = 2 if codec == "mjpeg" else 0
    encoder.framerate, encoder.time_base = Fraction(25), Fraction(1, 25)
    encoder.options = {"g": str(gop), **ENCODERS[codec], **(options or {})}
    encoder.thread_count = 1
    units = []
    for index in range(frames):
        frame = av.VideoFrame.from_ndarray(draw_test_picture(index, *size), format="rgb24").reformat(
            format="yuv420p", dst_color_range=encoder.color_range or None
        )
        frame.pts = index
        units += [bytes(packet) for packet in encoder.encode(frame)]
    units += [bytes(packet) for packet in encoder.encode(None)]
    return units
