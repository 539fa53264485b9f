"""H.264 as a camera codes it: short groups of pictures, no look-ahead, parts of unlike quality behind one another."""

import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final

import av
import cv2
import numpy as np
from av.codec.context import Flags
from numpy.typing import NDArray

from domain.errors import ConfigError

_ENCODER: Final = "libx264"
_OPTIONS = {
    "preset": "superfast",
    "tune": "zerolatency",
    # Every part writes the same headers, so that a decoder needs only the first part's.
    "x264-params": "stitchable=1:scenecut=0:level=31:qcomp=1",
}


class FilmWriter:
    """Writes pictures into an MP4 file; a context manager. The file appears under its name when it is whole.

    `size` is (width, height), both even; a key frame comes every `gop_s`.
    Raises ConfigError on entering where PyAV was built without x264.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: int, gop_s: float = 1.0) -> None:
        self._path = path
        # Two processes may make the same film at the same time; the last one to finish names it.
        self._unfinished = path.with_suffix(f".{os.getpid()}.part")
        self._size = size
        self._fps = fps
        self._gop = round(gop_s * fps)
        self._written = 0
        self._crf: int | None = None

    def __enter__(self) -> "FilmWriter":
        if _ENCODER not in av.codecs_available:
            raise ConfigError(
                f"films are coded with {_ENCODER}, and this PyAV was built without it (see docs/licences.md); "
                "install PyAV's wheel: pip install av"
            )
        self._container = av.open(str(self._unfinished), "w", format="mp4")
        self._stream = self._container.add_stream(_ENCODER, rate=self._fps)
        self._set_up(self._stream.codec_context, 24)
        self._coder: av.VideoCodecContext = self._stream.codec_context
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._mux(None)
        self._container.close()
        if kind is None:
            os.replace(self._unfinished, self._path)
        else:
            self._unfinished.unlink(missing_ok=True)

    def add(self, picture: NDArray[np.uint8], *, crf: int) -> None:
        """Code one (H, W, 3) uint8 RGB picture at x264's constant rate factor `crf`; a new factor opens a new group."""
        if self._crf != crf:
            if self._crf is not None:
                self._mux(None)
                self._coder = av.VideoCodecContext.create(_ENCODER, "w")
                self._coder.flags |= Flags.global_header
            self._set_up(self._coder, crf)
            self._crf = crf
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), dtype=np.uint8)
        self._mux(av.VideoFrame.from_ndarray(planes, format="yuv420p"))

    def _set_up(self, coder: av.VideoCodecContext, crf: int) -> None:
        coder.width, coder.height = self._size
        coder.pix_fmt = "yuv420p"
        coder.time_base = Fraction(1, self._fps)
        coder.framerate = Fraction(self._fps)
        coder.gop_size = self._gop
        coder.thread_count = 1
        coder.options = {**_OPTIONS, "crf": str(crf)}

    def _mux(self, frame: av.VideoFrame | None) -> None:
        """Code a frame, or what the coder still holds; zero latency means one packet out for one frame in."""
        for packet in self._coder.encode(frame):
            packet.pts = packet.dts = self._written
            packet.time_base = Fraction(1, self._fps)
            packet.stream = self._stream
            self._written += 1
            self._container.mux(packet)
