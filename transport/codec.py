"""Messages as bytes, without loss: every sample of a picture arrives as it was decoded.

Layout, little-endian: version (1 byte), kind (1), compression (1), header length (4), header (JSON), planes one after
another, block structure. Version 2 has what was measured of a frame; without it a frame is of version 1. The version
comes first and never moves, so that an old worker can say that a message is too new for it.
Bytes may come from any program that can reach the broker: every length is checked before memory is allocated for it.
"""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from domain.cameras import StreamStatus
from domain.errors import FrameRejected
from domain.frames import Frame, FrameFormat, FrameMeasurement, FrameRef, Plane
from domain.messages import StreamMessage
from domain.pixel_formats import LAYOUTS, check_planes
from transport.compression import Buffer, Compression, compress_planes, expand_planes
from transport.message_checks import MAX_SIDE, check_format, check_measured, check_number, check_ref, clean_status

VERSION = 2
_WITHOUT_NUMBERS = 1
MAX_MESSAGE_BYTES = 16_000_000
_MAX_HEADER_BYTES = 64 << 10
_MAX_PICTURE_BYTES = 1 << 30
_MAX_PLANES = 4
_MAX_STRUCTURE_SIDE = 64
_PREFIX = struct.Struct("<BBBI")


class MessageKind(IntEnum):
    FRAME = 1
    STATUS = 2


@dataclass(frozen=True, slots=True)
class _PlaneShape:
    sample: Literal["u1", "u2"]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Measured:
    values: dict[str, float]
    missing: dict[str, str]
    models: dict[str, str]
    structure: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class _FrameHeader:
    ref: FrameRef
    format: FrameFormat
    planes: tuple[_PlaneShape, ...]
    key_frame: bool = False
    corrupt: bool = False
    qp: float | None = None
    measured: _Measured | None = None


_FRAME: TypeAdapter[_FrameHeader] = TypeAdapter(_FrameHeader)
_STATUS: TypeAdapter[StreamStatus] = TypeAdapter(StreamStatus)


def encode_message(
    message: StreamMessage, *, compression: Compression = Compression.RAW, max_bytes: int = MAX_MESSAGE_BYTES
) -> bytes:
    """Return the message as bytes. Raises `FrameRejected` for a frame larger than `max_bytes` or of odd planes."""
    if isinstance(message, StreamStatus):
        return _join_message(_WITHOUT_NUMBERS, MessageKind.STATUS, Compression.RAW, _STATUS.dump_json(message), [])
    planes = [_make_contiguous(plane) for plane in message.planes]
    header = _FrameHeader(
        ref=message.ref,
        format=message.format,
        planes=tuple(_plane_shape(plane) for plane in planes),
        key_frame=message.key_frame,
        corrupt=message.corrupt,
        qp=message.qp,
        measured=None if message.measured is None else _measured_header(message.measured),
    )
    structure = None if message.measured is None else message.measured.structure
    parts = planes if structure is None else [*planes, np.ascontiguousarray(structure)]
    body = compress_planes(compression, [part.data.cast("B") for part in parts])
    version = _WITHOUT_NUMBERS if message.measured is None else VERSION
    whole = _join_message(version, MessageKind.FRAME, compression, _FRAME.dump_json(header), body)
    if len(whole) > max_bytes:
        size = f"{message.format.width}x{message.format.height}"
        raise FrameRejected(
            f"a {size} {message.format.pixel_format} picture takes {len(whole):,} bytes, the transport carries at most "
            f"{max_bytes:,}: judge a smaller stream of this camera or raise the message cap"
        )
    return whole


def decode_message(message: Buffer, *, max_bytes: int = MAX_MESSAGE_BYTES) -> StreamMessage:
    """Return the message these bytes hold; raises `FrameRejected` with what is wrong with them."""
    if len(message) > max_bytes:
        raise FrameRejected(f"message of {len(message):,} bytes, more than the {max_bytes:,} allowed")
    if len(message) == 0:
        raise FrameRejected("empty message")
    view = memoryview(message)
    if view[0] not in (_WITHOUT_NUMBERS, VERSION):
        age = "newer than" if view[0] > VERSION else "unknown to"
        raise FrameRejected(
            f"message version {view[0]} is {age} this worker, which reads {_WITHOUT_NUMBERS} and {VERSION}; "
            "upgrade workers first"
        )
    if len(view) < _PREFIX.size:
        raise FrameRejected(f"truncated message: {len(view)} bytes")
    _, kind, compression, header_bytes = _PREFIX.unpack_from(view)
    header_end = _PREFIX.size + header_bytes
    if header_bytes > _MAX_HEADER_BYTES or header_end > len(view):
        raise FrameRejected(f"truncated or malformed message: a header of {header_bytes:,} bytes in {len(view):,}")
    return _parse_message(kind, compression, bytes(view[_PREFIX.size : header_end]), view[header_end:])


class PictureCodec:
    """Frames in this format for the live state; the broker's cap on a message does not apply there."""

    def encode(self, frame: Frame) -> bytes:
        """Return the frame as bytes. Raises `FrameRejected` for odd planes."""
        return encode_message(frame, max_bytes=_MAX_PICTURE_BYTES)

    def decode(self, document: bytes) -> Frame:
        """Return the frame these bytes hold. Raises `FrameRejected` where they hold none."""
        message = decode_message(document, max_bytes=_MAX_PICTURE_BYTES)
        if not isinstance(message, Frame):
            raise FrameRejected("malformed message: a status where a picture belongs")
        return message


def _parse_message(kind: int, compression: int, header: bytes, body: memoryview) -> StreamMessage:
    try:
        if kind == MessageKind.STATUS:
            return clean_status(_STATUS.validate_json(header))
        if kind == MessageKind.FRAME:
            return _parse_frame(_FRAME.validate_json(header), compression, body)
    except ValidationError as error:
        raise FrameRejected(f"malformed message: {error.error_count()} wrong members in its header") from error
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise FrameRejected(f"malformed message: {type(error).__name__} while it was read") from error
    raise FrameRejected(f"malformed message: kind {kind} is unknown")


def _parse_frame(header: _FrameHeader, compression: int, body: memoryview) -> Frame:
    check_ref(header.ref)
    check_format(header.format)
    check_number("qp", header.qp)
    if len(header.planes) > _MAX_PLANES:
        raise FrameRejected(f"malformed message: {len(header.planes)} planes")
    sizes = [_plane_bytes(plane) for plane in header.planes]
    shape = None if header.measured is None else header.measured.structure
    if header.format.pixel_format in LAYOUTS and not (header.measured is not None and not header.planes):
        check_planes(header.format, [plane.shape for plane in header.planes], [int(p.sample[1]) for p in header.planes])
    structure_bytes = _structure_bytes(shape)
    samples = expand_planes(compression, body, sum(sizes) + structure_bytes)
    planes: list[Plane] = []
    start = 0
    for plane, size in zip(header.planes, sizes, strict=True):
        stored = np.frombuffer(samples, dtype=f"<{plane.sample}", count=math.prod(plane.shape), offset=start)
        # A copy owns its memory and may be written to, as tensors made of it expect.
        planes.append(stored.reshape(plane.shape).astype(stored.dtype.newbyteorder("=")))
        start += size
    return Frame(
        ref=header.ref,
        format=header.format,
        planes=tuple(planes),
        key_frame=header.key_frame,
        corrupt=header.corrupt,
        qp=header.qp,
        measured=None if header.measured is None else _parse_measurement(header.measured, samples[start:]),
    )


def _measured_header(measured: FrameMeasurement) -> _Measured:
    structure = measured.structure
    if structure is not None and (structure.dtype != np.uint8 or structure.ndim != 3):
        raise FrameRejected(f"a structure of {structure.dtype} numbers in {structure.ndim} axes cannot travel")
    shape = None if structure is None else (structure.shape[0], structure.shape[1], structure.shape[2])
    return _Measured(dict(measured.values), dict(measured.missing), dict(measured.models), shape)


def _parse_measurement(header: _Measured, samples: Buffer) -> FrameMeasurement:
    check_measured(header.values, header.missing, header.models)
    structure = None if header.structure is None else np.frombuffer(samples, np.uint8).reshape(header.structure).copy()
    return FrameMeasurement(header.values, header.missing, header.models, structure)


def _structure_bytes(shape: tuple[int, int, int] | None) -> int:
    if shape is None:
        return 0
    if not all(1 <= side <= _MAX_STRUCTURE_SIDE for side in shape):
        raise FrameRejected(f"malformed message: a structure of shape {shape}")
    return math.prod(shape)


def _plane_bytes(plane: _PlaneShape) -> int:
    """Return the bytes of a plane, having checked that its shape can be one."""
    if not 1 <= len(plane.shape) <= 3 or not all(1 <= side <= MAX_SIDE for side in plane.shape):
        raise FrameRejected(f"malformed message: a plane of shape {plane.shape}")
    return math.prod(plane.shape) * int(plane.sample[1])


def _make_contiguous(plane: Plane) -> Plane:
    if plane.dtype not in (np.dtype("u1"), np.dtype("<u2")):
        raise FrameRejected(f"a plane of {plane.dtype} samples cannot travel")
    return plane if plane.flags.c_contiguous else plane.copy(order="C")


def _plane_shape(plane: Plane) -> _PlaneShape:
    return _PlaneShape("u1" if plane.itemsize == 1 else "u2", plane.shape)


def _join_message(
    version: int, kind: MessageKind, compression: Compression, header: bytes, body: Iterable[Buffer]
) -> bytes:
    return b"".join([_PREFIX.pack(version, kind, compression, len(header)), header, *body])
