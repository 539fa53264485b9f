"""How planes travel: as they are, or smaller without loss. Expanding never takes more memory than was announced."""

import zlib
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, TypeAlias

from domain.errors import ConfigError, FrameRejected

Buffer: TypeAlias = bytes | bytearray | memoryview

_MAX_PICTURE_BYTES = 256 << 20


class Compression(IntEnum):
    """The number is part of the message. Measured on a 1080p street clip: docs/design/cluster.md."""

    RAW = 0
    ZLIB = 1
    """Needs nothing beside Python; slow."""
    ZSTD = 2
    """Level 1; needs the extra `cluster`."""


def compress_planes(how: Compression, planes: Iterable[Buffer]) -> list[Buffer]:
    """Return the planes as one buffer, or as they are for `RAW`. Raises `ConfigError` where the means are missing."""
    if how is Compression.ZLIB:
        return [zlib.compress(b"".join(planes), level=1)]
    if how is Compression.ZSTD:
        return [_import_zstandard().ZstdCompressor(level=1).compress(b"".join(planes))]
    return list(planes)


def expand_planes(how: int, body: memoryview, expected: int) -> Buffer:
    """Return exactly the `expected` bytes that `body` holds, or raise `FrameRejected`."""
    if expected > _MAX_PICTURE_BYTES:
        raise FrameRejected(f"malformed message: a picture of {expected:,} bytes")
    if how == Compression.RAW:
        samples: Buffer = body
    elif how == Compression.ZLIB:
        samples = _expand_zlib(body, expected)
    elif how == Compression.ZSTD:
        samples = _expand_zstd(body, expected)
    else:
        raise FrameRejected(f"message compression {how} is unknown to this worker; upgrade workers first")
    if len(samples) != expected:
        raise FrameRejected(
            f"truncated or malformed message: planes of {len(samples):,} bytes where {expected:,} belong"
        )
    return samples


def _expand_zlib(body: memoryview, expected: int) -> bytes:
    reader = zlib.decompressobj()
    try:
        samples = reader.decompress(body, expected + 1)
    except zlib.error as error:
        raise FrameRejected("malformed message: its planes cannot be decompressed") from error
    if not reader.eof or reader.unused_data:
        raise FrameRejected(f"truncated or malformed message: no picture of {expected:,} bytes comes out of it")
    return samples


def _expand_zstd(body: memoryview, expected: int) -> bytes:
    zstandard = _import_zstandard()
    try:
        # The size written in the frame decides what is allocated, so it is checked first.
        if zstandard.frame_content_size(body) != expected:
            raise FrameRejected(f"truncated or malformed message: no picture of {expected:,} bytes comes out of it")
        reader = zstandard.ZstdDecompressor().decompressobj()
        samples: bytes = reader.decompress(body)
    except zstandard.ZstdError as error:
        raise FrameRejected("malformed message: its planes cannot be decompressed") from error
    if not reader.eof or reader.unused_data:
        raise FrameRejected("truncated or malformed message: its planes end too early or too late")
    return samples


def _import_zstandard() -> Any:
    try:
        import zstandard  # noqa: PLC0415 - only the extra 'cluster' has it
    except ModuleNotFoundError as error:
        raise ConfigError(
            "queue.kind: kafka needs zstd, of the extra 'cluster': pip install 'sightline[cluster]'"
        ) from error
    return zstandard
