"""What a camera's session description (SDP, RFC 8866) says of its tracks, as far as a refusal needs it. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from domain.errors import CodecUnsupported, OverLimit, SourceUnavailable
from ingest.connect.stream_errors import AUDIO_ONLY

MAX_TRACKS = 24
"""A recorder's address with every channel's video, sound and data; FFmpeg opens each with a request."""
FIRST_DYNAMIC = 96
"""Payload types below have a codec of their own and need no line (RFC 3551)."""
_CODEC = re.compile(r"a=rtpmap:(\d{1,3}) ([A-Za-z0-9._-]{1,30})/")

_VIDEO_TYPES = re.compile(rb"^(m=video \S{1,20} \S{1,30} )([0-9]{1,3}(?: [0-9]{1,3}){0,20})", re.MULTILINE)
_TRACK = re.compile(rb"^(?=m=)", re.MULTILINE)
_ATTRIBUTE = re.compile(rb"a=(?:rtpmap|fmtp|framesize|rtcp-fb):([0-9]{1,3})[ \t]")


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """`video_types` and `other_types` are the payload types that FFmpeg expects: the first of each track.

    `choices` are those that a video track offers besides: a camera may send any of them, FFmpeg knows the first only.
    """

    video_codecs: tuple[str, ...] = ()
    video_types: frozenset[int] = frozenset()
    other_types: frozenset[int] = frozenset()
    choices: frozenset[int] = frozenset()

    def choose_type(self, seen: Collection[int]) -> int | None:
        """Return the payload type that the camera chose to send instead of the first, None where it did not."""
        chosen = self.choices & frozenset(seen)
        return min(chosen) if chosen and not self.video_types & frozenset(seen) else None

    def refuse_types(self, seen: Collection[int]) -> SourceUnavailable | None:
        """Return the message for video that has none of the announced payload types, which FFmpeg drops unread."""
        strange = frozenset(seen) - self.other_types
        if not strange or not self.video_types or self.video_types & strange:
            return None
        sent, said = (", ".join(map(str, sorted(types))) for types in (strange, self.video_types))
        return CodecUnsupported(
            f"the camera sends its video as payload type {sent}, but announces {said}, so it cannot be decoded: "
            "choose another codec or stream in its settings, or update its firmware"
        )


def parse_description(body: bytes, preferred: int | None = None) -> SessionDescription:
    """Return what a description says, and what FFmpeg expects of it once `keep_one_type` has narrowed it.

    Raises `SourceUnavailable` without video or with too many tracks.
    """
    tracks = len(re.findall(rb"(?:^|\n)m=", body))
    if tracks > MAX_TRACKS:
        raise OverLimit(
            f"the camera describes {tracks} tracks, more than any camera has: check its address, restart it"
        )
    if tracks and b"m=video" not in body:
        raise SourceUnavailable(AUDIO_ONLY)
    kept = keep_one_type(body, preferred)
    others = _find_types(body, "audio") | _find_types(body, "application")
    expected = _find_types(kept, "video")
    offered = {int(word) for m in _VIDEO_TYPES.finditer(body) for word in m[2].split()}
    return SessionDescription(_find_video_codecs(kept), expected, others, frozenset(offered) - expected - others)


def keep_one_type(body: bytes, preferred: int | None) -> bytes:
    """Return the description with one payload type for each video track: the preferred one if offered, else the first.

    FFmpeg expects the first, but takes the codec of another one's line for it.
    """
    sections = _TRACK.split(body)
    return b"".join(
        _keep_type_in_track(section, b"%d" % (-1 if preferred is None else preferred)) for section in sections
    )


def _keep_type_in_track(section: bytes, preferred: bytes) -> bytes:
    head = _VIDEO_TYPES.match(section)
    if head is None:
        return section
    types = head[2].split()
    kept = preferred if preferred in types else types[0]
    lines = section[head.end() :].splitlines(keepends=True)
    known = len(types) > 1 and int(kept) < FIRST_DYNAMIC
    named = known or any(_find_attribute_type(line) == kept for line in lines)
    return head[1] + kept + b"".join(line for line in lines if not named or _find_attribute_type(line) in (b"", kept))


def _find_attribute_type(line: bytes) -> bytes:
    """Return the payload type that an attribute belongs to, nothing for another line."""
    found = _ATTRIBUTE.match(line)
    return b"" if found is None else found[1]


def _find_types(body: bytes, kind: str) -> frozenset[int]:
    found = re.findall(rf"(?:^|\n)m={kind} \S{{1,20}} \S{{1,30}} ([0-9]{{1,3}})", body.decode("latin-1"))
    return frozenset(int(number) for number in found)


def _find_video_codecs(body: bytes) -> tuple[str, ...]:
    parts = ("\n" + body.decode("latin-1").replace("\r", "\n")).split("\nm=")
    found = [m[2] for part in parts[1:] if part.startswith("video") for m in _CODEC.finditer(part)]
    return tuple(dict.fromkeys(found))[:4]
