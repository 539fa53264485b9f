"""RTP as cameras send it over TCP, sound and unsound: packets with their moments of sending, and quirks to add.

A script is an iterator of `RtpPacket` in order of `at_s`. Each function that takes one returns it with one quirk more,
so that quirks combine. Standard library only.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count, cycle

RTP_CHUNK = 1200
VIDEO_HZ = 90_000
AUDIO_HZ = 8_000
AUDIO_STEP_S = 0.02
VIDEO_CHANNEL, AUDIO_CHANNEL, DATA_CHANNEL = 0, 2, 4
VIDEO_KIND, AUDIO_KIND, DATA_KIND = 96, 0, 107


class VideoCodec(StrEnum):
    """How the units of a video track are packed; the value is its name in a session description."""

    H264 = "H264"
    H265 = "H265"


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One RTP packet."""

    at_s: float
    """From PLAY."""
    stamp: int
    """In ticks of the track's clock."""
    number: int
    """Sequence number, 16 bits."""
    payload: bytes
    marker: bool = False
    channel: int = VIDEO_CHANNEL
    """Of the interleaved connection (RFC 2326, 10.12)."""
    kind: int = VIDEO_KIND
    """Payload type."""
    source: int = 1
    """SSRC."""

    def wire(self) -> bytes:
        """Return the packet as it travels inside RTSP's own connection (RFC 2326, 10.12)."""
        head = bytes([0x80, (0x80 if self.marker else 0) | self.kind]) + (self.number & 0xFFFF).to_bytes(2, "big")
        head += (self.stamp & 0xFFFFFFFF).to_bytes(4, "big") + self.source.to_bytes(4, "big")
        packet = head + self.payload
        return b"$" + bytes([self.channel]) + len(packet).to_bytes(2, "big") + packet


PacketScript = Iterator[RtpPacket]


def split_access_unit(unit: bytes) -> list[bytes]:
    """Return the NAL units of an access unit with start codes."""
    return [nal for nal in re.split(rb"\x00\x00\x00?\x01", unit) if nal]


def split_payloads(unit: bytes, codec: VideoCodec = VideoCodec.H264) -> Iterator[tuple[bytes, bool]]:
    """Yield the RTP payloads of an access unit (RFC 6184, RFC 7798: single units and fragments); True for its last."""
    nals = split_access_unit(unit)
    for index, nal in enumerate(nals):
        last_nal = index == len(nals) - 1
        if len(nal) <= RTP_CHUNK:
            yield nal, last_nal
            continue
        head, kind, rest = _make_fragment_head(nal, codec)
        for start in range(0, len(rest), RTP_CHUNK):
            end = start + RTP_CHUNK >= len(rest)
            flags = (0x80 if start == 0 else 0) | (0x40 if end else 0) | kind
            yield head + bytes([flags]) + rest[start : start + RTP_CHUNK], last_nal and end


def _make_fragment_head(nal: bytes, codec: VideoCodec) -> tuple[bytes, int, bytes]:
    if codec is VideoCodec.H265:
        return bytes([(nal[0] & 0x81) | (49 << 1), nal[1]]), (nal[0] >> 1) & 0x3F, nal[2:]
    return bytes([(nal[0] & 0xE0) | 28]), nal[0] & 0x1F, nal[1:]


def packetise_video(
    units: Iterable[bytes],
    *,
    fps: float = 25.0,
    codec: VideoCodec = VideoCodec.H264,
    loop: bool = False,
    stamp_of: Callable[[int], float] | None = None,
) -> PacketScript:
    """Send `units` at `fps`, without end with `loop`. `stamp_of` maps a picture's index to its stamp in seconds."""
    stamp_of = stamp_of or (lambda index: index / fps)
    number = count(100)
    for index, unit in enumerate(cycle(list(units)) if loop else units):
        stamp = 1_000_000 + round(stamp_of(index) * VIDEO_HZ)
        for payload, last in split_payloads(unit, codec):
            yield RtpPacket(index / fps, stamp, next(number), payload, last)


def add_audio(script: PacketScript) -> PacketScript:
    """Add PCMU sound on a channel of its own, every 20 ms, up to the last packet of the script."""
    sound = count()
    index = next(sound)
    for packet in script:
        while index * AUDIO_STEP_S <= packet.at_s:
            stamp = round(index * AUDIO_STEP_S * AUDIO_HZ)
            yield RtpPacket(
                index * AUDIO_STEP_S, stamp, index, b"\xff" * 160, channel=AUDIO_CHANNEL, kind=AUDIO_KIND, source=2
            )
            index = next(sound)
        yield packet


def share_counter(script: PacketScript) -> PacketScript:
    """Number the packets of all tracks by one shared counter."""
    for number, packet in enumerate(script):
        yield replace(packet, number=number)


def restart_numbers(script: PacketScript, *, every_s: float, first: int = 0) -> PacketScript:
    """Restart the sequence numbers at `first` every so many seconds, between two pictures; the connection lives on."""
    number: int | None = None
    due_s, stamp = every_s, None
    for packet in script:
        if packet.at_s >= due_s and packet.stamp != stamp:
            number, due_s = first, due_s + every_s
        stamp = packet.stamp
        yield packet if number is None else replace(packet, number=number)
        number = None if number is None else number + 1


def drop_packets(script: PacketScript, *, every: int) -> PacketScript:
    """Lose every so manieth packet of the video."""
    video_packets = 0
    for packet in script:
        video_packets += packet.channel == VIDEO_CHANNEL
        if packet.channel != VIDEO_CHANNEL or video_packets % every:
            yield packet


def add_foreign_type(script: PacketScript, *, kind: int = 50, every: int = 3) -> PacketScript:
    """Add packets of a payload type that no description names to the video's channel, numbered by themselves."""
    for index, packet in enumerate(script):
        if packet.channel == VIDEO_CHANNEL and index % every == 0:
            yield replace(packet, kind=kind, number=20_000 + index * 7, payload=b"\x5a" * 60, marker=True)
        yield packet


def add_metadata(script: PacketScript, *, step: int = 1) -> PacketScript:
    """Add a metadata track that sends with every picture and numbers its packets in steps of `step`."""
    document = b"<?xml version='1.0'?><MetadataStream><VideoAnalytics/></MetadataStream>"
    stamp, sent = None, 0
    for packet in script:
        if packet.stamp != stamp and packet.channel == VIDEO_CHANNEL:
            yield replace(
                packet,
                channel=DATA_CHANNEL,
                kind=DATA_KIND,
                number=sent * step,
                payload=document,
                marker=True,
                source=3,
            )
            stamp, sent = packet.stamp, sent + 1
        yield packet


def hold_back(script: PacketScript, *, from_s: float, for_s: float) -> PacketScript:
    """Hold what is sent in these seconds back and send it in one burst after them, as a network does that was
    unavailable.
    """
    for packet in script:
        held = from_s <= packet.at_s < from_s + for_s
        yield replace(packet, at_s=from_s + for_s) if held else packet
