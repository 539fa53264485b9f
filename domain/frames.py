"""A decoded frame as it travels: planes untouched, because re-encoding would alter what is measured."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]


class ColorRange(StrEnum):
    LIMITED = "limited"
    FULL = "full"


class ColorMatrix(StrEnum):
    BT601 = "bt601"
    BT709 = "bt709"
    BT2020 = "bt2020"


@dataclass(frozen=True, slots=True)
class FrameRef:
    """Names a frame. `(stream_id, session_id, sequence)` is unique and makes storing idempotent.

    `sequence` counts every frame offered within a session from 0 without gaps, dropped ones included. `pts_s` is the
    camera's clock in seconds (None where the stream gave none; it may jump back), `received_at` ours (UTC), set once.
    `token` is the lease under which ingest reads the camera, 0 where none is taken; it names nothing.
    """

    stream_id: str
    session_id: str
    sequence: int
    pts_s: float | None
    received_at: datetime
    token: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """What must be equal for frames to be scored in one batch: size, FFmpeg pixel format, range and matrix."""

    width: int
    height: int
    pixel_format: str
    color_range: ColorRange = ColorRange.LIMITED
    color_matrix: ColorMatrix = ColorMatrix.BT601


@dataclass(frozen=True, slots=True)
class Frame:
    """Planes as decoded, cropped to the visible size, rows contiguous.

    `planes` follow FFmpeg's layout of `format.pixel_format`: `yuv420p yuv422p yuv444p` (and their `j`, `10le`, `12le`
    forms; 16-bit samples are uint16), `gray gray10le gray12le`, `nv12` (Y, interleaved UV) and `rgb24` (H, W, 3).
    `corrupt` is FFmpeg's own mark of a frame decoded with errors; `qp` its mean luma quantiser where exported.
    """

    ref: FrameRef
    format: FrameFormat
    planes: tuple[Plane, ...]
    key_frame: bool = False
    corrupt: bool = False
    qp: float | None = None

    # The head that every message has: a `StreamStatus` holds the same five as fields.

    @property
    def stream_id(self) -> str:
        return self.ref.stream_id

    @property
    def session_id(self) -> str:
        return self.ref.session_id

    @property
    def sequence(self) -> int:
        return self.ref.sequence

    @property
    def received_at(self) -> datetime:
        return self.ref.received_at

    @property
    def token(self) -> int:
        return self.ref.token

    @property
    def nbytes(self) -> int:
        """Bytes of all planes."""
        return sum(plane.nbytes for plane in self.planes)
