"""Doors for recordings: damaged elementary streams and containers, read the way a camera's stream is read."""

import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream

from domain.cameras import Camera, SamplingMode, SamplingPlan
from domain.frames import Frame
from ingest.limits import ReadingLimits
from ingest.read.open_stream import Deadlines
from ingest.read.stream_source import Pace, open_source
from lab.bench.fuzz.target import BrokenPromise, EntryPoint

WIDTH, HEIGHT, FRAMES = 96, 64, 8
MOST_FRAMES = 64
LIMITS = ReadingLimits(hls=True)
DEADLINES = Deadlines(open_s=2.0, video_s=2.0, picture_s=4.0)


class FuzzClock:
    """The machine's time, and no waiting."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        del seconds


def encode_film(container: str, codec: str, *, audio: bool = False) -> bytes:
    """Return a short moving film of `codec` in `container`, as bytes."""
    target = io.BytesIO()
    with av.open(target, "w", format=container) as output:
        video = cast(VideoStream, output.add_stream(codec, rate=10))
        video.width, video.height = WIDTH, HEIGHT
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        video.options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        sound = output.add_stream("aac", rate=8000) if audio else None
        rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
        for number in range(FRAMES):
            picture = ((rows * 3 + columns * 5 + number * 11) % 256).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.stack([picture] * 3, axis=-1), format="rgb24")
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        if sound is not None:
            tone = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            tone.sample_rate = 8000
            output.mux(sound.encode(tone))
            output.mux(sound.encode(None))
    return target.getvalue()


def read_all(url: str) -> None:
    """Read the stream as the reading process does, every frame; raises what a reader must handle."""
    camera = Camera("fuzz", url, plan=SamplingPlan(SamplingMode.ALL))
    source = open_source(camera, FuzzClock(), pace=Pace.FULL_SPEED, deadlines=DEADLINES, limits=LIMITS)
    try:
        for count, frame in enumerate(source.frames()):
            check_frame(frame)
            if count >= MOST_FRAMES:
                return
    finally:
        source.close()


def check_frame(frame: Frame) -> None:
    """Raise `BrokenPromise` where a frame's planes do not fit its format."""
    height, width = frame.planes[0].shape[:2]
    if (width, height) != (frame.format.width, frame.format.height):
        raise BrokenPromise(f"planes of {width}x{height} under a format of {frame.format}")


def _open_file(suffix: str, films: list[bytes]) -> EntryPoint:
    folder = tempfile.TemporaryDirectory(prefix="sightline-fuzz-")
    path = Path(folder.name) / f"input{suffix}"

    def feed(data: bytes) -> None:
        path.write_bytes(data)
        read_all(str(path))

    return EntryPoint(films, feed, close=folder.cleanup)


def open_h264() -> EntryPoint:
    return _open_file(".h264", [encode_film("h264", "libx264")])


def open_h265() -> EntryPoint:
    return _open_file(".h265", [encode_film("hevc", "libx265")])


def open_mpeg_ts() -> EntryPoint:
    return _open_file(".ts", [encode_film("mpegts", "libx264", audio=True)])


def open_mkv() -> EntryPoint:
    return _open_file(".mkv", [encode_film("matroska", "libx264", audio=True), encode_film("matroska", "mjpeg")])


def open_mp4() -> EntryPoint:
    return _open_file(".mp4", [encode_film("mp4", "libx264", audio=True), encode_film("mp4", "mpeg4")])


def open_mjpeg() -> EntryPoint:
    return _open_file(".mjpeg", [encode_film("mjpeg", "mjpeg")])
