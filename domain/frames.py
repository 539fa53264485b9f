"""A decoded frame as it travels: planes untouched, because re-encoding would alter what is measured."""

from collections.abc import Mapping
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
class FrameMeasurement:
    """The numbers that need no learned weights, measured where the frame was decoded.

    `values` maps metric key to a finite value; a metric that could not be measured is in `missing` with its reason.
    `models` maps the name of a group of metrics to the fingerprint of the code that measured it. `structure` is the
    picture's block statistics, (rows, columns, channels) in 8 bits; see
    `detectors/metrics/functional/edge_directions.py`.
    """

    values: Mapping[str, float]
    missing: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    structure: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded frame: its numbers, its planes, or both."""

    ref: FrameRef
    format: FrameFormat
    planes: tuple[Plane, ...]
    """Cropped, rows contiguous, laid out as FFmpeg's `format.pixel_format`; empty where it did not travel."""
    key_frame: bool = False
    corrupt: bool = False
    """A part of it, or of a picture that it refers to, was lost, as the decoder says."""
    qp: float | None = None
    """Mean luma quantiser in the units of the codec; None where it is not exported."""
    measured: FrameMeasurement | None = None
    """None in a message of a release that measured in the worker."""

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

    @property
    def has_picture(self) -> bool:
        return bool(self.planes)
