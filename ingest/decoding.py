"""One stream's decoder: packets in, pictures out, damage told instead of raised."""

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

INTRA = frozenset({PictureType.I, PictureType.SI, PictureType.BI})
KEY_STAMPS = 32


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame, `pts_s` its timestamp in seconds. `key` also holds for what only its packet marks as a key."""

    frame: av.VideoFrame
    pts_s: float | None
    key: bool
    intra: bool


class StreamDecoder:
    """Decodes in the calling thread; one instance a session."""

    def __init__(self, video: VideoStream) -> None:
        self._decoder = video.codec_context
        self._time_base_s = float(video.time_base or 0)
        self._key_stamps: deque[int] = deque(maxlen=KEY_STAMPS)
        self.damaged = 0
        """Packets that the decoder complained of."""

    def decode(self, packet: "Packet[Stream]", *, alone: bool) -> list[Picture]:
        """Return the pictures that this packet completes; raises `CodecUnsupported`.

        `alone`: the neighbours of this key frame are not decoded. Then the decoder is emptied at once: its queue for
        reordering would hold the picture back until the next key frame. An empty packet empties it too.
        """
        if packet.is_keyframe and packet.pts is not None:
            self._key_stamps.append(packet.pts)
        log: list[tuple[int, str, str]] = []
        frames: list[av.VideoFrame] = []
        failed = False
        try:
            with av.logging.Capture() as log:
                frames += self._decoder.decode(cast("Packet[VideoStream]", packet) if packet.size else None)
                if alone and packet.size:
                    frames += self._decoder.decode(None)
                    self._decoder.flush_buffers()
        except av.error.DecoderNotFoundError:
            raise CodecUnsupported("the video's codec is not supported") from None
        except av.error.FFmpegError:
            failed = True
        if failed and alone:
            self._decoder.flush_buffers()
        self.damaged += failed or any(level <= av.logging.ERROR for level, _, _ in log)
        return [self._picture(frame) for frame in frames]

    def start_afresh(self) -> None:
        """Forget every picture; output resumes where the stream can be decoded again."""
        self._decoder.flush_buffers()

    def _picture(self, frame: av.VideoFrame) -> Picture:
        pts_s = None if frame.pts is None else frame.pts * self._time_base_s
        # FFmpeg's parser marks a recovery point's packet as a key frame, its decoder does not mark the picture.
        key = bool(frame.key_frame) or frame.pts in self._key_stamps
        return Picture(frame, pts_s, key, PictureType(frame.pict_type) in INTRA)
