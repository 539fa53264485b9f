"""NAL units of H.264 and H.265 with start codes, looked at no deeper than needed. Pure, tolerant of any bytes."""

from collections.abc import Iterator
from enum import IntEnum

START = b"\x00\x00\x01"


class H264(IntEnum):
    """Types of NAL units that matter here (ITU-T H.264, table 7-1)."""

    SLICE = 1
    IDR = 5
    SPS = 7
    PPS = 8


H265_FIRST_NON_VCL = 32
"""ITU-T H.265, table 7-1: types below hold parts of pictures."""


def split_nal_units(data: bytes) -> Iterator[bytes]:
    """Yield what follows each start code, up to the next one; never an empty unit."""
    start = data.find(START)
    while start >= 0:
        begin = start + len(START)
        start = data.find(START, begin)
        unit = data[begin:] if start < 0 else data[begin:start]
        if unit:
            yield unit


def h264_unit_type(unit: bytes) -> int:
    """Return the type of an H.264 unit."""
    return unit[0] & 0x1F


def h265_unit_type(unit: bytes) -> int:
    """Return the type of an H.265 unit."""
    return (unit[0] >> 1) & 0x3F


class BitReader:
    """Reads the payload of a NAL unit bit by bit, emulation prevention removed. Raises `EOFError` past its end."""

    def __init__(self, unit: bytes) -> None:
        payload = unit.replace(b"\x00\x00\x03", b"\x00\x00")
        self._value = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)

    def bits(self, count: int) -> int:
        """Return the next `count` bits as an unsigned number."""
        if count > self._left:
            raise EOFError
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def golomb(self) -> int:
        """Return the next unsigned Exp-Golomb number (ITU-T H.264, 9.1)."""
        rest = self._value & ((1 << self._left) - 1)
        zeros = self._left - rest.bit_length()
        if zeros > 32:
            raise EOFError
        return self.bits(2 * zeros + 1) - 1

    def signed_golomb(self) -> int:
        """Return the next signed Exp-Golomb number (ITU-T H.264, 9.1.1)."""
        code = self.golomb()
        return (code + 1) // 2 if code & 1 else -(code // 2)
