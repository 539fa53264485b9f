"""Video packets that never came, by RTP's sequence numbers as they pass inside RTSP's own connection (RFC 3550).

The numbers are a camera's claim: some share one counter between sound and video, start it again, or mix in packets that
nobody described. So a gap counts only in the video's own payload types, if its numbers turn up nowhere else, and if it
is short; and the reader counts it only while the decoder, too, finds damage.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

LONGEST_GAP = 500
"""Numbers. A longer step, or one back, is the counter being set; a shorter one back is a packet that came late."""
LATE = 100
SETTLED_AFTER = 64
"""Packets of the video until a missing number is given up."""
REMEMBERED = 256
"""Numbers of other tracks, in which a missing one may be found."""
ODD_STEPS = 16
"""So many more gaps than regular steps are the camera's way of counting."""
_FIXED_HEADER = 12
LEAST_PACKET_BYTES = 8
"""The shortest packet of RTCP. FFmpeg loses its place in the connection at a shorter one."""
_RTCP_KINDS = range(72, 77)
_CHANNEL = re.compile(r"interleaved=([0-9]{1,3})")


@dataclass
class _Track:
    """The sequence of one video track. `gaps` are the numbers missing and the packet at which they are given up."""

    kinds: frozenset[int]
    expected: int = -1
    packets: int = 0
    odd: int = 0
    gaps: deque[tuple[set[int], int]] = field(default_factory=deque)


class RtpLosses:
    """Fed a session's description, its answers to SETUP, and every interleaved packet, in order; in one thread."""

    def __init__(self) -> None:
        self.count = 0
        """Gaps found so far; may be read from any thread."""
        self._described: dict[str, frozenset[int]] = {}
        self._only_track = False
        self._tracks: dict[int, _Track] = {}
        self._channels: set[int] = set()
        self._elsewhere: deque[int] = deque(maxlen=REMEMBERED)

    def describe(self, body: bytes) -> None:
        """Learn the video tracks of a session description."""
        sections = re.split(r"(?m)^m=", body.decode("latin-1"))
        self._only_track = len(sections) == 2
        self._described = {}
        for section in sections[1:]:
            first, *attributes = section.splitlines() or [""]
            if first.startswith("video "):
                kinds = frozenset(int(word) for word in first.split()[3:] if word.isdigit() and len(word) <= 3)
                control = next((line[10:] for line in attributes if line.startswith("a=control:")), "")
                self._described[_last_part(control)] = kinds

    def set_up(self, address: str, transport: str) -> None:
        """Learn on which channel a track travels, from the answer to its SETUP."""
        channel = _CHANNEL.search(transport)
        if channel is not None:
            self._channels |= {int(channel[1]), int(channel[1]) + 1}
        kinds = self._described.get(_last_part(address))
        if kinds is None and self._only_track:
            kinds = next(iter(self._described.values()), None)
        if channel is not None and kinds:
            self._tracks[int(channel[1])] = _Track(kinds)

    def follow(self, packets: bytes) -> bytes:
        """Follow complete interleaved packets and return them as FFmpeg can take them."""
        at, end = 0, len(packets)
        odd = False
        while at + 4 <= end:
            size = packets[at + 2] << 8 | packets[at + 3]
            if size >= _FIXED_HEADER:
                kind, number = packets[at + 5] & 0x7F, packets[at + 6] << 8 | packets[at + 7]
                track = self._tracks.get(packets[at + 1])
                if track is not None and kind in track.kinds:
                    self._step(track, number)
                elif kind not in _RTCP_KINDS:
                    self._note_elsewhere(number)
                odd = odd or packets[at + 1] not in self._channels
            odd = odd or size < LEAST_PACKET_BYTES
            at += 4 + size
        return b"".join(self._repair_packets(packets)) if odd and self._channels else packets

    def _repair_packets(self, packets: bytes) -> Iterator[bytes]:
        """Yield the packets without those too short to be any; video on a channel that no SETUP named gets its own."""
        at = 0
        while at < len(packets):
            after = at + 4 + (packets[at + 2] << 8 | packets[at + 3])
            packet, channel = packets[at:after], packets[at + 1]
            at = after
            if len(packet) < 4 + LEAST_PACKET_BYTES:
                continue
            meant = channel if channel in self._channels else self._find_channel(packet[5] & 0x7F, channel)
            yield packet if meant == channel else packet[:1] + bytes([meant]) + packet[2:]

    def _find_channel(self, kind: int, channel: int) -> int:
        return next((own for own, track in self._tracks.items() if kind in track.kinds), channel)

    def _step(self, track: _Track, number: int) -> None:
        track.packets += 1
        step = 0 if track.expected < 0 else (number - track.expected) & 0xFFFF
        if step >= 0x10000 - LATE:
            _find(track, number)
            return
        if 0 < step <= LONGEST_GAP:
            self._note_gap(track, number, step)
        elif step:
            track.gaps.clear()
        else:
            track.odd = max(0, track.odd - 1)
        track.expected = (number + 1) & 0xFFFF
        while track.gaps and track.gaps[0][1] <= track.packets:
            missing, _ = track.gaps.popleft()
            self.count += bool(missing)

    def _note_gap(self, track: _Track, number: int, step: int) -> None:
        missing = {(number - back) & 0xFFFF for back in range(1, step + 1)}.difference(self._elsewhere)
        if not missing:
            return
        track.odd = min(ODD_STEPS, track.odd + 1)
        if track.odd < ODD_STEPS:
            track.gaps.append((missing, track.packets + SETTLED_AFTER))

    def _note_elsewhere(self, number: int) -> None:
        self._elsewhere.append(number)
        for track in self._tracks.values():
            _find(track, number)


def _find(track: _Track, number: int) -> None:
    for missing, _ in track.gaps:
        missing.discard(number)


def _last_part(address: str) -> str:
    return address.strip().rstrip("/").rpartition("/")[2]
