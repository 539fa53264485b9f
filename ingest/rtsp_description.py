"""What a camera's session description (SDP, RFC 8866) says of its tracks, as far as a refusal needs it. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from domain.errors import CodecUnsupported, OverLimit, SourceUnavailable
from ingest.refusals import AUDIO_ONLY

MAX_TRACKS = 24
"""A recorder's address with every channel's video, sound and data; FFmpeg opens each with a request."""
_CODEC = re.compile(r"a=rtpmap:(\d{1,3}) ([A-Za-z0-9._-]{1,30})/")


@dataclass(frozen=True, slots=True)
class Description:
    """`video_types` and `other_types` are the payload types that FFmpeg expects: the first of each track."""

    video_codecs: tuple[str, ...] = ()
    video_types: frozenset[int] = frozenset()
    other_types: frozenset[int] = frozenset()

    def refuse_types(self, seen: Collection[int]) -> SourceUnavailable | None:
        """Return what to tell of video that bears none of the announced payload types, which FFmpeg drops unread."""
        strange = frozenset(seen) - self.other_types
        if not strange or not self.video_types or self.video_types & strange:
            return None
        sent, said = (", ".join(map(str, sorted(types))) for types in (strange, self.video_types))
        return CodecUnsupported(
            f"the camera sends its video as payload type {sent}, but announces {said}, so it cannot be decoded: "
            "choose another codec or stream in its settings, or update its firmware"
        )


def parse_description(body: bytes) -> Description:
    """Return what a description says. Raises `SourceUnavailable` without video or with too many tracks."""
    tracks = len(re.findall(rb"(?:^|\n)m=", body))
    if tracks > MAX_TRACKS:
        raise OverLimit(
            f"the camera describes {tracks} tracks, more than any camera has: check its address, restart it"
        )
    if tracks and b"m=video" not in body:
        raise SourceUnavailable(AUDIO_ONLY)
    others = _expected_types(body, "audio") | _expected_types(body, "application")
    return Description(_video_codecs(body), _expected_types(body, "video"), others)


def _expected_types(body: bytes, kind: str) -> frozenset[int]:
    found = re.findall(rf"(?:^|\n)m={kind} \S{{1,20}} \S{{1,30}} ([0-9]{{1,3}})", body.decode("latin-1"))
    return frozenset(int(number) for number in found)


def _video_codecs(body: bytes) -> tuple[str, ...]:
    parts = ("\n" + body.decode("latin-1").replace("\r", "\n")).split("\nm=")
    found = [m[2] for part in parts[1:] if part.startswith("video") for m in _CODEC.finditer(part)]
    return tuple(dict.fromkeys(found))[:4]
