"""One stream's decoder: packets in, pictures out, damage counted instead of raised."""

from collections import deque
from dataclasses import dataclass
from typing import cast

import av
import av.error
import av.logging
from av.packet import Packet
from av.stream import Stream
from av.video.frame import PictureType
from av.video.stream import VideoStream

from domain.errors import CodecUnsupported
from ingest.connect.stream_errors import UNKNOWN_CODEC, error_for_size
from ingest.decode.damage import has_lost_part, holds_picture, is_harmless_mark
from ingest.decode.lost_frames import FrameNumbers
from ingest.limits import ReadingLimits

LIMITS = ReadingLimits()
INTRA = frozenset({PictureType.I, PictureType.SI, PictureType.BI})
KEY_STAMPS = 32
HEAD_BYTES = 16_384
"""Of a packet: where its first slice begins, after parameter sets and user data."""
EXCUSED_KEYS, EXCUSED_PACKETS = 2, 250
"""What FFmpeg itself dropped spoils pictures until a key frame; the one it belongs to may be a key frame itself."""
HEALING_PACKETS = 250
"""A stream without key frames has refreshed every part of its picture after about so many packets."""


@dataclass(frozen=True, slots=True)
class DecoderOutput:
    """A decoded frame, `pts_s` its timestamp in seconds. `key` also holds for what only its packet marks as a key.

    `corrupt`: a part of it is lost and concealed.
    """

    frame: av.VideoFrame
    pts_s: float | None
    key: bool
    intra: bool
    corrupt: bool


class StreamDecoder:
    """Decodes in the calling thread; one instance a session."""

    def __init__(self, video: VideoStream, limits: ReadingLimits = LIMITS) -> None:
        self._limits = limits
        self._decoder = video.codec_context
        self._time_base_s = float(video.time_base or 0)
        self._key_stamps: deque[int] = deque(maxlen=KEY_STAMPS)
        self._codec = self._decoder.name
        extradata = bytes(self._decoder.extradata or b"")
        # MP4 and MKV put lengths where others put start codes, and do not lose packets.
        numbered = self._codec == "h264" and not extradata.startswith(b"\x01")
        self._numbers = FrameNumbers(extradata) if numbered else None
        self._excused_keys = self._excused_packets = 0
        self.damaged = 0
        """Packets in which, or before which, a part of a picture was lost."""
        self._healing_packets = 0

    def excuse(self) -> None:
        """Count no damage until the picture has recovered: FFmpeg dropped a packet that the camera did send."""
        self._excused_keys, self._excused_packets = EXCUSED_KEYS, EXCUSED_PACKETS

    @property
    def is_excused(self) -> bool:
        return self._excused_packets > 0

    @property
    def is_impaired(self) -> bool:
        """Whether a loss since the last whole key frame may still be seen: pictures refer to pictures before them."""
        return self._healing_packets > 0

    def _note_damage(self, *, lost: bool) -> None:
        """Count a lost part of a picture, unless FFmpeg itself dropped it."""
        if lost and not self.is_excused:
            self.damaged += 1
            self._healing_packets = HEALING_PACKETS

    def follow(self, packet: "Packet[Stream]") -> None:
        """Note a packet of the stream, decoded or not: pictures lost before it are counted as damage."""
        if self._excused_packets:
            self._excused_packets -= 1
            self._excused_keys -= packet.is_keyframe
            self._excused_packets *= self._excused_keys > 0
        if self._numbers is not None:
            head = bytes(memoryview(packet)[:HEAD_BYTES])
            self._note_damage(lost=self._numbers.gap_before(head, key=packet.is_keyframe))

    def decode(self, packet: "Packet[Stream]", *, alone: bool) -> list[DecoderOutput]:
        """Return the pictures that this packet completes; raises `CodecUnsupported` or `OverLimit`.

        `alone`: the neighbours of this key frame are not decoded. Then the decoder is emptied at once: its queue for
        reordering would hold the picture back until the next key frame. An empty packet empties it too.
        """
        if packet.is_keyframe and packet.pts is not None:
            self._key_stamps.append(packet.pts)
        log: list[tuple[int, str, str]] = []
        frames: list[av.VideoFrame] = []
        refused = False
        try:
            with av.logging.Capture() as log:
                frames += self._decoder.decode(cast("Packet[VideoStream]", packet) if packet.size else None)
                if alone and packet.size:
                    frames += self._decoder.decode(None)
                    self._decoder.flush_buffers()
        except av.error.DecoderNotFoundError:
            raise CodecUnsupported(UNKNOWN_CODEC) from None
        except av.error.FFmpegError:
            refused = True
        too_large = error_for_size(log, self._limits) if log else None
        if too_large is not None:
            raise too_large
        if refused and alone:
            self._decoder.flush_buffers()
        whole = bool(log) and is_harmless_mark(self._codec, log)
        pictures = [self._picture(frame, whole) for frame in frames]
        lost = bool(log) and has_lost_part(self._codec, log)
        if not lost and refused:
            lost = packet.size > 0 and holds_picture(self._codec, bytes(packet))
        if self._healing_packets:
            # A whole key frame refers to no picture before it.
            self._healing_packets = 0 if packet.is_keyframe else self._healing_packets - 1
        self._note_damage(lost=lost or any(picture.corrupt for picture in pictures))
        return pictures

    def flush_pictures(self) -> None:
        """Forget every picture; output resumes where the stream can be decoded again."""
        self._decoder.flush_buffers()

    def _picture(self, frame: av.VideoFrame, whole: bool) -> DecoderOutput:
        pts_s = None if frame.pts is None else frame.pts * self._time_base_s
        # FFmpeg's parser marks a recovery point's packet as a key frame, its decoder does not mark the picture.
        key = bool(frame.key_frame) or frame.pts in self._key_stamps
        return DecoderOutput(
            frame, pts_s, key, PictureType(frame.pict_type) in INTRA, bool(frame.is_corrupt) and not whole
        )
