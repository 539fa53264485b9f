"""Reads HLS playlists (RFC 8216), as far as cameras write them. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.errors import OverLimit, SourceUnavailable

MARK = b"#EXTM3U"
LONGEST_TARGET_S = 30.0
_ATTRIBUTE = re.compile(r'([A-Z0-9-]{1,40})=(?:"([^"]{0,4096})"|([^,"]{0,200}))')


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the stream. `first` and `length` name a part of the address's bytes; `head` comes before it (fMP4)."""

    number: int
    reference: str
    first: int | None = None
    length: int | None = None
    head: str = ""


@dataclass(frozen=True, slots=True)
class Playlist:
    """`variants` are further playlists, `segments` pieces of the stream; one of the two is empty."""

    variants: tuple[str, ...]
    """Those that say they have no picture come last."""
    segments: tuple[Segment, ...]
    target_s: float
    complete: bool
    """Whether no further segment will come."""


def parse_playlist(text: bytes) -> Playlist:
    """Return what a playlist lists. Raises `SourceUnavailable` for encrypted ones and for none."""
    lines = [line.strip() for line in text.decode("utf-8", "replace").lstrip("\ufeff").splitlines()]
    if not lines or not lines[0].startswith(MARK.decode()):
        raise SourceUnavailable("the camera's playlist cannot be read: check the stream address, or use RTSP")
    values = {name: value for name, _, value in (line.partition(":") for line in lines if line.startswith("#EXT"))}
    if any(line.startswith(_KEYS) and _parse_attributes(line).get("METHOD", "") != "NONE" for line in lines):
        raise SourceUnavailable("the camera's playlist is encrypted, which is not supported: use RTSP instead")
    target_s = min(LONGEST_TARGET_S, max(1.0, float(_parse_number(values.get("#EXT-X-TARGETDURATION", "")) or 1)))
    variants = tuple(_parse_variants(lines))
    segments = (
        () if variants else tuple(_parse_segments(lines, _parse_number(values.get("#EXT-X-MEDIA-SEQUENCE", "")) or 0))
    )
    return Playlist(variants, segments, target_s, "#EXT-X-ENDLIST" in values)


_KEYS = ("#EXT-X-KEY:", "#EXT-X-SESSION-KEY:")


def refuse_nested_playlists(playlist: Playlist) -> None:
    """Raise `OverLimit` for a playlist of playlists where one of segments belongs."""
    if playlist.variants:
        raise OverLimit("the camera's playlist holds playlists of playlists: enter the address of one stream")


def _parse_variants(lines: list[str]) -> list[str]:
    found: list[tuple[bool, str]] = []
    without_picture: bool | None = None
    for line in lines:
        if line.startswith("#EXT-X-STREAM-INF"):
            without_picture = _has_sound_alone(_parse_attributes(line))
        elif without_picture is not None and line and not line.startswith("#"):
            found.append((without_picture, line))
            without_picture = None
    return [line for _, line in sorted(found, key=lambda each: each[0])]


def _has_sound_alone(attributes: Mapping[str, str]) -> bool:
    """Return whether every codec that a variant names is one of sound (RFC 6381)."""
    codecs = [codec.strip().partition(".")[0].lower() for codec in attributes.get("CODECS", "").split(",")]
    return "RESOLUTION" not in attributes and all(codec in _SOUND for codec in codecs)


_SOUND = frozenset({"mp4a", "ac-3", "ec-3", "ac-4", "opus", "flac", "alac", "mp3"})


def _parse_segments(lines: list[str], number: int) -> Iterator[Segment]:
    part: tuple[int | None, int | None] = (None, None)
    end, head = 0, ""
    for line in lines:
        if line.startswith("#EXT-X-MAP:"):
            head = _parse_attributes(line).get("URI", "")
        elif line.startswith("#EXT-X-BYTERANGE:"):
            part = _parse_byte_range(line.partition(":")[2], end)
        elif line and not line.startswith("#"):
            yield Segment(number, line, *part, head=head)
            end = (part[0] or 0) + (part[1] or 0)
            number, part = number + 1, (None, None)


def _parse_byte_range(text: str, end: int) -> tuple[int | None, int | None]:
    length, _, first = text.partition("@")
    size = _parse_number(length)
    return (None, None) if not size else (_parse_number(first) if first else end, size)


def _parse_attributes(line: str) -> Mapping[str, str]:
    pairs = _ATTRIBUTE.finditer(line.partition(":")[2])
    return {m[1]: m[2] if m[2] is not None else m[3] for m in pairs}


def _parse_number(text: str) -> int | None:
    found = re.match(r"\s*(\d{1,15})", text)
    return int(found[1]) if found is not None else None
