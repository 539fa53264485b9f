"""Clips as a camera's encoder would have left them: H.264 at five CRFs and four bandwidths, by PyAV's libx264.

The bandwidths are ours, for the paper names none: maximal rates of a 1080p stream, scaled by pixel count for other
sizes, with a buffer of two seconds.
"""

import hashlib
import io
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from domain.errors import ConfigError

Pixels: TypeAlias = NDArray[np.uint8]
"""RGB pictures, (H, W, 3) or (N, H, W, 3)."""
CRFS = (23, 29, 35, 41, 47)
BANDWIDTHS_MBIT = (None, 4.0, 2.0, 1.0)
PIXELS_1080P = 1920 * 1080
BUFFER_S = 2


@dataclass(frozen=True, slots=True)
class EncoderSetting:
    """One encoder setting; `bandwidth_mbit` is that of a 1080p stream, None for no limit."""

    crf: int
    bandwidth_mbit: float | None

    @property
    def name(self) -> str:
        return f"crf{self.crf}-" + ("free" if self.bandwidth_mbit is None else f"{self.bandwidth_mbit:g}mbit")

    def options(self, width: int, height: int) -> dict[str, str]:
        """libx264's options; one thread, so that the stream is the same on every machine."""
        options = {"crf": str(self.crf), "preset": "medium", "threads": "1"}
        if self.bandwidth_mbit is not None:
            bits = max(1000, round(self.bandwidth_mbit * 1e6 * width * height / PIXELS_1080P))
            options |= {"maxrate": str(bits), "bufsize": str(BUFFER_S * bits)}
        return options


SETTINGS = tuple(EncoderSetting(crf, bandwidth) for crf in CRFS for bandwidth in BANDWIDTHS_MBIT)
"""The paper's twenty variants of a clip."""


def compress_frames(frames: Pixels, setting: EncoderSetting, rate: Fraction) -> Pixels:
    """(N, H, W, 3) RGB after encoding and decoding; H and W even. Raises ConfigError where libx264 is missing."""
    return decode_packets(encode_frames(frames, setting, rate))


def encode_frames(frames: Pixels, setting: EncoderSetting, rate: Fraction) -> bytes:
    """The clip as an MP4 file's bytes, yuv420p."""
    height, width = frames.shape[1:3]
    if height % 2 or width % 2:
        raise ConfigError(f"clips for compression need even sides, not {width}x{height}: crop a row or column")
    target = io.BytesIO()
    try:
        with av.open(target, "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=rate, options=setting.options(width, height))
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for picture in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError) as error:
        raise ConfigError(f"libx264 cannot encode {width}x{height} at {setting.name}: {error}") from error
    return target.getvalue()


def decode_packets(packets: bytes, places: Collection[int] | None = None) -> Pixels:
    """The pictures at `places` of a file's bytes, or all, (N, H, W, 3) RGB."""
    wanted = None if places is None else frozenset(places)
    with av.open(io.BytesIO(packets), "r") as container:
        frames = enumerate(container.decode(video=0))
        return np.stack([_rgb(frame) for index, frame in frames if wanted is None or index in wanted])


@dataclass(frozen=True)
class RawClip:
    """Pictures (N, H, W, 3) at a rate, and the digest that names their streams, computed once."""

    pictures: Pixels
    rate: Fraction

    @cached_property
    def digest(self) -> bytes:
        return hashlib.sha256(np.ascontiguousarray(self.pictures).data).digest()


def load_or_compress(
    source: RawClip, setting: EncoderSetting, folder: Path, places: Collection[int] | None = None
) -> Pixels:
    """As `compress_frames`, of the pictures at `places`; the stream is kept in `folder`, named by pictures and
    setting.
    """
    frames, rate = source.pictures, source.rate
    key = hashlib.sha256(source.digest)
    key.update(f"{frames.shape} {rate} {sorted(setting.options(frames.shape[2], frames.shape[1]).items())}".encode())
    path = folder / f"{setting.name}-{key.hexdigest()[:16]}.mp4"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.part")
        partial.write_bytes(encode_frames(frames, setting, rate))
        os.replace(partial, path)
    return decode_packets(path.read_bytes(), places)


def read_clip(path: Path, *, halved: bool, first: int = 0, count: int | None = None) -> tuple[Pixels, Fraction]:
    """Pictures of a video file, (N, H, W, 3) RGB with even sides, and their rate.

    `halved` averages two by two pixels: what an earlier compression left behind is mostly in the finest detail, and
    a clip that was compressed before cannot count as pristine at its own size.
    """
    if not path.is_file():
        raise ConfigError(f"no clip at {path}")
    with av.open(path) as container:
        stream = container.streams.video[0]
        rate = Fraction(stream.average_rate or 25)
        chosen = _between(container.decode(stream), first, count)
        pictures = [crop_to_even(_half(picture) if halved else picture) for picture in chosen]
    return np.stack(pictures), rate


def crop_to_even(picture: Pixels) -> Pixels:
    """Without the last row or column where a side is odd."""
    height, width = picture.shape[:2]
    return picture[: height - height % 2, : width - width % 2]


def _half(picture: Pixels) -> Pixels:
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    quads = picture[:height, :width].reshape(height // 2, 2, width // 2, 2, 3).astype(np.float32)
    levels: Pixels = np.rint(quads.mean(axis=(1, 3))).astype(np.uint8)
    return levels


def _rgb(frame: av.VideoFrame) -> Pixels:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _between(frames: Iterator[av.VideoFrame], first: int, count: int | None) -> Iterator[Pixels]:
    for index, frame in enumerate(frames):
        if count is not None and index >= first + count:
            return
        if index >= first:
            yield _rgb(frame)


def pan_picture(picture: Pixels, *, side: int, frames: int, seed: Sequence[int]) -> Pixels:
    """A camera panning over a photograph (H, W, 3): (frames, side, side, 3), up to three pixels a frame.

    Where and how it moves follows from `seed` alone. Raises ConfigError for a photograph under `side` pixels.
    """
    height, width = picture.shape[:2]
    if min(height, width) < side:
        raise ConfigError(f"a photograph of {width}x{height} has no room to pan {side} pixels")
    generator = np.random.default_rng(list(seed))
    speed = generator.uniform(-3, 3, size=2)
    room = np.array([height - side, width - side], np.float64)
    start = generator.uniform(0, 1, size=2) * room
    places = start + np.arange(frames)[:, None] * speed
    places = np.abs((places + room) % np.maximum(2 * room, 1) - room) if room.min() > 0 else np.clip(places, 0, room)
    corners = np.clip(np.rint(places), 0, room).astype(int)
    return np.stack([picture[top : top + side, left : left + side] for top, left in corners])
