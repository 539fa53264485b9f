"""A picture as bytes for the live state, without loss; pictures go to memory only."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import TypeAdapter

from domain.frames import Frame, FrameFormat, FrameRef, Plane


@dataclass(frozen=True, slots=True)
class _Header:
    ref: FrameRef
    format: FrameFormat
    planes: tuple[tuple[Literal["|u1", "<u2"], tuple[int, ...]], ...]
    key_frame: bool
    corrupt: bool
    qp: float | None


_HEADER: TypeAdapter[_Header] = TypeAdapter(_Header)


def packed_picture(frame: Frame) -> tuple[bytes, bytes]:
    """Return the frame's description as JSON and its planes one after another."""
    shapes = tuple((plane.dtype.str, plane.shape) for plane in frame.planes)
    header = _Header(frame.ref, frame.format, shapes, frame.key_frame, frame.corrupt, frame.qp)  # type: ignore[arg-type]
    return _HEADER.dump_json(header), b"".join(plane.tobytes() for plane in frame.planes)


def unpacked_picture(description: bytes, samples: bytes) -> Frame:
    """Undo `packed_picture`, sample for sample."""
    header = _HEADER.validate_json(description)
    planes: list[Plane] = []
    start = 0
    for dtype, shape in header.planes:
        plane = np.frombuffer(samples, dtype, math.prod(shape), start).reshape(shape)
        planes.append(plane)
        start += plane.nbytes
    return Frame(header.ref, header.format, tuple(planes), header.key_frame, header.corrupt, header.qp)
