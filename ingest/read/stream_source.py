"""One session with one stream: packets in, sampled frames out. The only place that decodes.

A damaged packet is counted, not raised. The thread that reads a source closes it: FFmpeg frees what a read still uses.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import av
import av.error
import av.logging
from av.stream import Stream
from av.video.reformatter import VideoReformatter

from domain.cameras import Camera, RtspTransport, StreamCounters
from domain.clocks import clamp_backward
from domain.errors import NoVideo, SourceUnavailable
from domain.frames import Frame, FrameRef
from domain.pixel_formats import layout_of
from domain.ports import Clock
from ingest.decode.damage import FfmpegLog
from ingest.decode.decoded_frame import extract_planes, mean_qp
from ingest.decode.decoder import DecoderOutput, StreamDecoder
from ingest.limits import ReadingLimits
from ingest.read import sampling, stream_time
from ingest.read.open_stream import Deadlines, OpenedStream, SourceKind, error_for_ffmpeg, find_source_kind, open_stream
from ingest.read.recordings import describe_track
from ingest.read.session_names import name_session
from ingest.read.stream_stats import StreamStats
from ingest.read.sudden_change import StructureWatch

Advance = Callable[[stream_time.StreamTime, float | None, float], stream_time.StreamTime]
NAP_S = 0.2
LONGEST_WAIT_S = 120.0
"""A recording read in real time waits no longer than so for its next picture; the rest of a hole is skipped."""
CONFIRMED_BY, CONFIRMED_FOR_S = 3, 60.0
"""Gaps in RTP's numbers are believed while so many packets, the oldest no older than this, lost a part of a picture."""
KEY_WAIT_S = 10.0
"""A stream without a picture for this long, and without a key frame since the last one, waits for a key frame."""
DEADLINES = Deadlines()
LIMITS = ReadingLimits()
NOTHING_YET = StreamCounters()


class Pace(StrEnum):
    """How a file is read; a live stream sets its own pace."""

    REAL_TIME = "real_time"
    FULL_SPEED = "full_speed"
    """As fast as it decodes; `received_at` then moves with the stream's own time from the moment of opening."""


def open_source(
    camera: Camera,
    clock: Clock,
    *,
    pace: Pace = Pace.REAL_TIME,
    deadlines: Deadlines = DEADLINES,
    limits: ReadingLimits = LIMITS,
    carried: StreamCounters = NOTHING_YET,
    not_before: datetime | None = None,
) -> "StreamSource":
    """Return a source for any address Sightline reads: rtsp, rtsps, http, https or a file. Opens on the first frame.

    `carried` are the camera's totals so far, `not_before` the last time its messages carried.
    """
    return StreamSource(
        camera, clock, pace=pace, deadlines=deadlines, limits=limits, carried=carried, not_before=not_before
    )


def explain_no_key_frame(waited_s: float) -> str:
    """Return what is said of a stream whose decoding has waited so long for a key frame; rounded, so that it rests."""
    return (
        f"video arrives, but no key frame for {waited_s // 10 * 10:.0f} s, and no picture can be decoded before the"
        " next one: shorten the key-frame interval (I-frame interval, GOP) in the camera's settings"
    )


class StreamSource:
    """`FrameSource` over PyAV. `frames()` runs in one thread; the rest may be asked from another."""

    def __init__(
        self,
        camera: Camera,
        clock: Clock,
        *,
        pace: Pace,
        deadlines: Deadlines,
        limits: ReadingLimits,
        carried: StreamCounters,
        not_before: datetime | None,
    ) -> None:
        self.session_id = name_session()
        self.progress_s = time.monotonic()
        self.last_packet_s: float | None = None
        self.last_picture_s: float | None = None
        """When the last picture was decoded, offered or not; monotonic, like the two before."""
        self.track = ""
        """Which of several video tracks is read, "" where there is one or nothing is open yet."""
        self._camera = camera
        self._clock = clock
        self._kind = find_source_kind(camera.url)
        self._full_speed = self._kind is SourceKind.FILE and pace is Pace.FULL_SPEED
        self._paced = self._kind is SourceKind.FILE and pace is Pace.REAL_TIME
        self._deadlines = deadlines
        self._limits = limits
        # Counted in place: replacing a record a packet would cost a tenth of the decoding.
        self._totals: dict[str, Any] = {field.name: getattr(carried, field.name) for field in fields(carried)}
        self._received_at = not_before
        self._opened_at: datetime | None = None
        self._stats = StreamStats()
        self._lock = threading.Lock()
        self._reformatter = VideoReformatter()
        self._sampling = sampling.Sampling()
        self._watch = StructureWatch()
        self._packet_time = stream_time.StreamTime()
        self._frame_time = stream_time.StreamTime()
        self._advance: Advance = stream_time.advance_live
        self._nominal_s = 0.0
        self._arrived_s = 0.0
        self._key_s: float | None = None
        self._lost_packets = 0
        self._damaged_s: deque[float] = deque(maxlen=CONFIRMED_BY)
        self._open: OpenedStream | None = None
        self._sequence = 0
        self._stop = threading.Event()

    def frames(self) -> Iterator[Frame]:
        """Yield sampled frames. Raises as `domain.ports.FrameSource` says; ends early after `stop()`."""
        session = self._connect()
        video = session.video.index
        for packet in self._packets(session):
            # The empty packet that ends a track says nothing true of its number, only of its stream.
            if packet.stream.index == video:
                session.budget.renew()
                if self._note_and_select(packet):
                    yield from self._decode_frames(packet)
            self._check_deadlines()
            if self._stop.is_set():
                return
        if self._sequence == 0:
            raise NoVideo("the stream ended before any picture could be decoded")
        if not session.finite:
            raise SourceUnavailable("the camera ended the stream")

    def stop(self) -> None:
        """Ask the reading thread to end at the next packet."""
        self._stop.set()

    def counters(self) -> StreamCounters:
        """Return the camera's totals and the figures of the last seconds."""
        with self._lock:
            now_s = self._stats_now_s()
            return replace(
                StreamCounters(**self._totals),
                fps=self._stats.fps(now_s),
                bitrate_bps=self._stats.bitrate_bps(now_s),
                gop_s=self._stats.gop_s(now_s),
                qp=self._stats.qp(),
            )

    def close(self) -> None:
        """End the session; called by the thread that reads it."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connect(self) -> OpenedStream:
        self._opened_at = self._clock.now()
        self._open = session = open_stream(self._camera, self._deadlines, self._limits)
        self.track = describe_track(session.container, session.video)
        if session.finite:
            self._advance = stream_time.advance_recording
        self.progress_s = self._started_s = self._picture_s = time.monotonic()
        self._decoder = StreamDecoder(session.video, self._limits)
        codec = session.video.codec_context.name
        self._totals["codec_changes"] += self._totals["codec"] not in ("", codec)
        self._totals["codec"] = codec
        self._time_base_s = float(session.video.time_base or 0)
        rate = session.video.average_rate or session.video.guessed_rate
        self._frame_s = 1.0 / float(rate) if rate else 0.04
        return session

    def _packets(self, session: OpenedStream) -> Iterator["av.Packet[Stream]"]:
        # Only a demultiplexer that yields every stream's packets shows that audio lives while video is dead.
        packets = session.container.demux()
        while True:
            log: list[tuple[int, str, str]] = []
            try:
                with av.logging.Capture() as log:
                    packet = next(packets, None)
            except IndexError:
                # PyAV trips at the end of a stream to which tracks were added after it was opened.
                packet = None
            except (av.error.FFmpegError, OSError) as error:
                session.raise_refusal()
                found = error_for_ffmpeg(error, self._kind, log, self._limits)
                silent = isinstance(error, av.error.ExitError | TimeoutError)
                raise (NoVideo("connected, but no video arrives") if silent else found) from None
            self.progress_s = time.monotonic()
            if log:
                self._note_transport(log, alone=len(session.container.streams) == 1)
            self._note_losses(session)
            if packet is None:
                session.raise_refusal()
                return
            yield packet

    def _note_transport(self, log: FfmpegLog, *, alone: bool) -> None:
        """Note what RTP says of the packets just read.

        Over TCP a jump of the sequence numbers is the camera's counter starting again, and FFmpeg drops what has the
        first new number. Over UDP packets do get lost; whose they were is known only where video is the only track.
        """
        lost = sum("RTP: missed" in text for _, _, text in log)
        if lost and alone and self._camera.transport is RtspTransport.UDP:
            self._totals["decode_errors"] += lost
        if any("bad cseq" in text for _, _, text in log):
            self._decoder.excuse()

    def _note_losses(self, session: OpenedStream) -> None:
        """Count the gaps in RTP's numbers since the last packet, if the decoder, too, found damage lately."""
        lost, self._lost_packets = session.lost_packets - self._lost_packets, session.lost_packets
        if lost and len(self._damaged_s) == CONFIRMED_BY and time.monotonic() - self._damaged_s[0] < CONFIRMED_FOR_S:
            self._totals["decode_errors"] += lost

    def _check_deadlines(self) -> None:
        now_s = time.monotonic()
        if self._full_speed:
            return
        if now_s - (self.last_packet_s or self._started_s) > self._deadlines.video_s:
            raise NoVideo("connected, but no video arrives")
        if self._key_s is not None and now_s - self._key_s > self._deadlines.picture_s:
            raise NoVideo("video arrives, but no picture can be decoded from it")
        if self._key_s is None and now_s - self._picture_s > self._deadlines.key_s:
            raise NoVideo(explain_no_key_frame(now_s - self._picture_s))

    def key_frame_wait_s(self) -> float | None:
        """Return for how long decoding has waited for a key frame, None while it does not; from any thread."""
        if self._full_speed or self._key_s is not None or self.last_packet_s is None:
            return None
        with self._lock:
            usual_s = self._stats.key_gap_s() or 0.0
        waited_s = time.monotonic() - self._picture_s
        return waited_s if waited_s > max(KEY_WAIT_S, 2 * usual_s) else None

    def packet_gap_s(self) -> float:
        """Return how far this stream's packets are apart, 0.0 while unknown; from any thread."""
        with self._lock:
            return self._stats.packet_gap_s()

    def _note_and_select(self, packet: "av.Packet[Stream]") -> bool:
        """Note a video packet and return whether it is decoded; an empty one at the end of the stream is."""
        self._arrived_s = self._arrival_s()
        key = packet.is_keyframe
        if packet.size:
            self._note_packet(packet, self._arrived_s)
            damaged = self._decoder.damaged
            self._decoder.follow(packet)
            self._note_damage(self._decoder.damaged - damaged)
            if key and self._key_s is None:
                self._key_s = time.monotonic()
        now_s = self._packet_time.now_s
        self._sampling = sampling.before_decoding(
            self._sampling, self._camera.plan, key, now_s, dense=self._watch.dense(now_s)
        )
        return key or self._sampling.decode_all or not packet.size

    def _decode_frames(self, packet: "av.Packet[Stream]") -> Iterator[Frame]:
        alone = not self._sampling.decode_all
        damaged = self._decoder.damaged
        pictures = self._decoder.decode(packet, alone=alone)
        self._note_damage(self._decoder.damaged - damaged)
        for picture in pictures:
            offered = self._sample_picture(picture, self._arrived_s)
            if offered is not None:
                yield offered

    def _note_damage(self, packets: int) -> None:
        # Before the first picture a stream joined in the middle cannot but fail to decode.
        if packets and self._sequence:
            self._totals["decode_errors"] += packets
            self._damaged_s.append(time.monotonic())

    def _note_packet(self, packet: "av.Packet[Stream]", arrived_s: float) -> None:
        stamp = packet.dts if packet.dts is not None else packet.pts
        stamp_s = None if stamp is None else stamp * self._time_base_s
        self._packet_time = self._advance(self._packet_time, stamp_s, arrived_s)
        self.last_packet_s = time.monotonic()
        with self._lock:
            self._stats.packet(packet.size, packet.is_keyframe, self._stats_now_s())
        self._totals["packets"] += 1
        if self._paced:
            self._wait_for(self._packet_time.now_s)

    def _wait_for(self, stream_s: float) -> None:
        self._started_s = min(self._started_s, time.monotonic() + LONGEST_WAIT_S - stream_s)
        while not self._stop.is_set():
            self.progress_s = self.last_packet_s = self._picture_s = time.monotonic()
            ahead_s = self._started_s + stream_s - self.progress_s
            if ahead_s <= 0:
                return
            self._clock.sleep(min(ahead_s, NAP_S))

    def _arrival_s(self) -> float:
        """Return when this packet arrived: monotonic seconds, or the nominal time of a recording at any pace."""
        if self._open is None or not self._open.finite:
            return time.monotonic()
        self._nominal_s += self._frame_s
        return self._nominal_s

    def _stats_now_s(self) -> float:
        return self._packet_time.now_s if self._full_speed else time.monotonic()

    def _sample_picture(self, picture: DecoderOutput, arrived_s: float) -> Frame | None:
        """Count a decoded picture and return it as ours when the plan keeps it."""
        self._frame_time = self._advance(self._frame_time, picture.pts_s, arrived_s)
        self._picture_s = self.last_picture_s = time.monotonic()
        self._key_s = None
        self._note_picture(picture)
        alone = not self._sampling.decode_all
        self._sampling = sampling.after_decoding(self._sampling, picture.key, picture.intra)
        if alone and self._sampling.decode_all:
            # Decoded without the pictures it refers to; so are those that follow, until the decoder starts afresh.
            self._decoder.flush_pictures()
            return None
        now_s = self._frame_time.now_s
        self._sampling, kept = sampling.decide_keep(
            self._sampling, self._camera.plan, picture.key, now_s, dense=self._watch.dense(now_s)
        )
        return self._build_frame(picture) if kept else None

    def _note_picture(self, picture: DecoderOutput) -> None:
        frame = picture.frame
        size = (frame.width, frame.height)
        before = (self._totals["width"], self._totals["height"])
        self._totals["frames_decoded"] += 1
        self._totals["corrupt_frames"] += picture.corrupt and not self._decoder.is_excused
        self._totals["resolution_changes"] += before not in ((0, 0), size)
        self._totals["width"], self._totals["height"] = size

    def _build_frame(self, picture: DecoderOutput) -> Frame:
        frame = picture.frame
        description, planes = extract_planes(frame, self._reformatter)
        if sampling.is_adaptive(self._camera.plan):
            self._watch = self._watch.follow(planes[0], layout_of(description).bits, self._frame_time.now_s)
        qp = mean_qp(frame)
        if qp is not None:
            with self._lock:
                self._stats.quantiser(qp)
        reference = FrameRef(self._camera.name, self.session_id, self._sequence, picture.pts_s, self._now())
        self._sequence += 1
        self._totals["frames_offered"] += 1
        corrupt = picture.corrupt or self._decoder.is_impaired
        return Frame(reference, description, planes, picture.key, corrupt, qp)

    def _now(self) -> datetime:
        """Return our time of what was just received, never earlier than the time before unless our clock was set."""
        now = self._clock.now()
        if self._full_speed and self._opened_at is not None:
            now = self._opened_at + timedelta(seconds=self._frame_time.now_s)
        self._received_at = clamp_backward(now, self._received_at)
        return self._received_at
