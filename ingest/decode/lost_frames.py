"""Pictures that never arrived, by H.264's own count of reference pictures (ITU-T H.264, 7.4.3, frame_num).

FFmpeg fills such a gap with a copy and says nothing. Only the head of each packet is read, so key frames alone need be
decoded. A loss in a stream of another codec, or of a picture that no other refers to, leaves no such trace.
"""

from dataclasses import dataclass

from ingest.decode.nal_units import H264, START, BitReader, h264_unit_type, split_nal_units

HEAD_BYTES = 16
"""Of a slice or picture parameter set: enough for the fields read here, frame_num the last."""
ODD_STEPS = 16
"""So many more gaps than regular steps are the camera's way of counting, not losses."""
_PROFILES_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


@dataclass(frozen=True, slots=True)
class _FrameCounting:
    """What a sequence parameter set says of frame numbers: their length, and whether gaps are allowed."""

    bits: int
    gaps_allowed: bool
    planes_apart: bool


class FrameNumbers:
    """Follows one session's frame numbers. Fed every video packet of an H.264 stream with start codes, in order."""

    def __init__(self, extradata: bytes = b"") -> None:
        self._counting: dict[int, _FrameCounting] = {}
        self._sps_of: dict[int, int] = {}
        self._last: int | None = None
        self._odd = 0
        self._learn(extradata)

    def gap_before(self, packet: bytes, *, key: bool) -> bool:
        """Return whether reference pictures are missing before this packet's picture; looks at its head only."""
        if key:
            self._learn(packet)
        start = packet.find(START)
        while start >= 0:
            head = packet[start + len(START) : start + len(START) + HEAD_BYTES]
            if head and h264_unit_type(head) in (H264.SLICE, H264.IDR):
                return self._follow(head)
            start = packet.find(START, start + len(START))
        return False

    def _learn(self, data: bytes) -> None:
        for unit in split_nal_units(data):
            try:
                if h264_unit_type(unit) == H264.SPS:
                    number, counting = _parse_frame_counting(unit)
                    self._counting[number] = counting
                elif h264_unit_type(unit) == H264.PPS:
                    reader = BitReader(unit[1:HEAD_BYTES])
                    self._sps_of[reader.golomb()] = reader.golomb()
            except EOFError:
                continue

    def _follow(self, unit: bytes) -> bool:
        try:
            reader = BitReader(unit[1:])
            reader.golomb()
            reader.golomb()
            counting = self._counting.get(self._sps_of.get(reader.golomb(), -1))
            if counting is None or counting.gaps_allowed:
                return False
            reader.bits(2 if counting.planes_apart else 0)
            number, size = reader.bits(counting.bits), 1 << counting.bits
        except EOFError:
            return False
        gap = (
            h264_unit_type(unit) != H264.IDR
            and self._last is not None
            and number not in (self._last, (self._last + 1) % size)
        )
        if unit[0] & 0x60:
            self._last = number
        elif gap:
            # A picture that no other refers to has the number of the next one that is referred to.
            self._last = (number - 1) % size
        self._odd = min(ODD_STEPS, self._odd + 1) if gap else max(0, self._odd - 1)
        return gap and self._odd < ODD_STEPS


def _parse_frame_counting(unit: bytes) -> tuple[int, _FrameCounting]:
    """Return a sequence parameter set's number and what it says. Raises `EOFError` where it is cut."""
    reader = BitReader(unit[1:])
    profile = reader.bits(8)
    reader.bits(16)
    number = reader.golomb()
    planes_apart = profile in _PROFILES_WITH_CHROMA and _skip_chroma(reader)
    bits = reader.golomb() + 4
    _skip_picture_order(reader)
    reader.golomb()
    if bits > 16:
        raise EOFError
    return number, _FrameCounting(bits, bool(reader.bits(1)), planes_apart)


def _skip_chroma(reader: BitReader) -> bool:
    """Skip the fields of the high profiles; returns whether the colour planes are coded apart."""
    chroma = reader.golomb()
    apart = bool(reader.bits(1)) if chroma == 3 else False
    reader.golomb()
    reader.golomb()
    reader.bits(1)
    if reader.bits(1):
        for index in range(12 if chroma == 3 else 8):
            if reader.bits(1):
                _skip_scaling(reader, 16 if index < 6 else 64)
    return apart


def _skip_scaling(reader: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + reader.signed_golomb()) % 256
        last = following or last


def _skip_picture_order(reader: BitReader) -> None:
    kind = reader.golomb()
    if kind == 0:
        reader.golomb()
    elif kind == 1:
        reader.bits(1)
        reader.golomb()
        reader.golomb()
        for _ in range(min(255, reader.golomb())):
            reader.golomb()
