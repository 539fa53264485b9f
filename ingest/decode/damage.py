"""What cost a picture, and what is only badly formed around it: the decoder's facts first, then known lines of its log.

FFmpeg logs at error level what no viewer ever sees: user data that claims more than it holds, a broken EXIF, parameter
sets nobody uses. So a line counts only if it is known to mean a lost part of a picture (found by decoding damaged
streams and comparing every picture with the undamaged one, `tests/faults/cameras/test_damage.py`).
"""

import re
from collections.abc import Sequence

from ingest.decode import nal_units

FfmpegLog = Sequence[tuple[int, str, str]]
"""FFmpeg's messages of one call: (level, component, text)."""

_LOST_PARTS: dict[str, re.Pattern[str]] = {
    # The decoder marks the pictures it conceals; of pictures lost before them only these lines speak.
    "h264": re.compile(r"Missing reference picture|reference picture missing"),
    # Types below 32 are parts of pictures. FFmpeg marks no picture here and drops what lost its references.
    "hevc": re.compile(r"Skipping invalid undecodable NALU: (?:[12]?[0-9]|3[01])\s*$|CABAC_MAX_BIN"),
    "mjpeg": re.compile(r"overread [0-9]|error y=[0-9]|bad vlc|error count: [0-9]"),
}
_HARMLESS_MARKS: dict[str, re.Pattern[str]] = {
    # FFmpeg takes the stuffing of its own encoder for a slice that ends too early, and marks a whole picture.
    "mpeg4": re.compile(r"slice end not reached but screenspace end"),
}
_PICTURE_STARTS = {"mpeg4": b"\x00\x00\x01\xb6", "mpeg2video": b"\x00\x00\x01\x00", "mpeg1video": b"\x00\x00\x01\x00"}
_ERROR = 16
"""FFmpeg's level: errors and worse are no greater."""


def has_lost_part(codec: str, log: FfmpegLog) -> bool:
    """Return whether the decoder's log of one packet tells of a lost part of a picture."""
    pattern = _LOST_PARTS.get(codec)
    return pattern is not None and any(pattern.search(text) for _, _, text in log)


def is_harmless_mark(codec: str, log: FfmpegLog) -> bool:
    """Return whether a picture marked as corrupt in this call is whole after all."""
    pattern = _HARMLESS_MARKS.get(codec)
    if pattern is None:
        return False
    texts = [text for level, _, text in log if level <= _ERROR]
    return bool(texts) and all(pattern.search(text) for text in texts)


def holds_picture(codec: str, packet: bytes) -> bool:
    """Return whether a packet that the decoder refused held a picture: user data and parameter sets alone do not."""
    if codec in _PICTURE_STARTS:
        return _PICTURE_STARTS[codec] in packet
    if codec not in ("h264", "hevc") or not packet.startswith((b"\x00\x00\x01", b"\x00\x00\x00\x01")):
        return any(packet)
    if codec == "h264":
        return any(
            1 <= nal_units.h264_unit_type(unit) <= nal_units.H264.IDR for unit in nal_units.split_nal_units(packet)
        )
    return any(
        nal_units.h265_unit_type(unit) < nal_units.H265_FIRST_NON_VCL for unit in nal_units.split_nal_units(packet)
    )
