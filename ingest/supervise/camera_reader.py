"""One camera, one thread, one session at a time: connect, read, report, back off, and again without end."""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.cameras import Camera, ConnectionState, SamplingMode, StreamCounters, StreamStatus
from domain.clocks import clamp_backward
from domain.errors import CodecUnsupported, LoginRefused, NoVideo, OverLimit, SightlineError, SourceUnavailable
from domain.frames import Frame
from domain.ports import Clock
from ingest.limits import Deadlines, ReadingLimits
from ingest.read.open_stream import SourceKind, find_source_kind
from ingest.read.stream_source import StreamSource, explain_no_key_frame, open_source
from ingest.supervise import backoff
from ingest.supervise.ipc import ReaderHandover
from ingest.supervise.send_buffer import SendBuffer

STATUS_EVERY_S = 2.0
STALL_S = 5.0
PATROL_SPREAD = 0.1
RECORDING_ENDED = "the recording ended"
LIMITS = ReadingLimits()
INTERNAL_ERROR = "an internal error ended the reading of this camera; it is tried again: see the log for the cause"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How a session ended: what to show until the next one delivers, and how long to wait before it."""

    state: ConnectionState
    reason: str
    wait_s: float


def choose_state(
    state: ConnectionState,
    reason: str,
    silent_s: float | None,
    key_frame_wait_s: float | None = None,
    usual_s: float = 0.0,
) -> tuple[ConnectionState, str]:
    """Return the state and reason to show for a session.

    Live without a packet for five seconds, or for three times what is `usual_s` between two, is stalled. One whose
    decoding waits for a key frame (`keyless_s`) is not: it keeps its state and says so.
    """
    if state is ConnectionState.LIVE and silent_s is not None and silent_s > max(STALL_S, 3 * usual_s):
        return ConnectionState.STALLED, "connected, but no video arrives"
    return state, reason if key_frame_wait_s is None else explain_no_key_frame(key_frame_wait_s)


class CameraReader:
    """Reads one camera in a thread of its own. `tick()` and the questions come from the process's main thread."""

    def __init__(
        self,
        camera: Camera,
        clock: Clock,
        buffer: SendBuffer,
        *,
        handover: ReaderHandover,
        deadlines: Deadlines,
        limits: ReadingLimits = LIMITS,
        chance: Callable[[], float] = random.random,
        predecessor: "CameraReader | None" = None,
        inherits: bool = False,
    ) -> None:
        self.camera = camera
        self._clock = clock
        self._buffer = buffer
        self._deadlines = deadlines
        self._limits = limits
        self._chance = chance
        self._predecessor = predecessor
        self._inherits = inherits
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"reader {camera.name}", daemon=True)
        self._source: StreamSource | None = None
        self._session_id = ""
        self._sequence = -1
        self._last_frame_at: datetime | None = None
        self._last_picture_at: datetime | None = None
        self._last_sent: tuple[object, ...] = ()
        self._last_sent_s = 0.0
        self._take_over(handover)

    def _take_over(self, handover: ReaderHandover) -> None:
        self._totals = handover.counters
        self._dropped_before = self._buffer.count_dropped(self.camera.name)
        self._latest = handover.not_before
        self._state, self._reason = handover.state, handover.reason
        self._attempts = backoff.Attempts(refused_at=handover.refused_at)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end; the session closes at the next packet, or at its deadline."""
        self._stop.set()
        source = self._source
        if source is not None:
            source.stop()

    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def stuck_s(self) -> float:
        """Return for how long the present call into FFmpeg has lasted."""
        source = self._source
        return 0.0 if source is None else time.monotonic() - source.progress_s

    def handover(self) -> ReaderHandover:
        """Return what the next reader of this camera takes over."""
        return ReaderHandover(self._counters(), self._attempts.refused_at, self._latest)

    def tick(self) -> None:
        """Say how it goes: every two seconds, and when something changed."""
        with self._lock:
            self._send_status()

    def _run(self) -> None:
        if self._predecessor is not None:
            self._follow(self._predecessor)
            self._predecessor = None
        wait_s = backoff.login_wait_s(self._attempts, self._clock.now())
        while not self._stop.wait(wait_s):
            outcome = self._session()
            if self._stop.is_set():
                self._send_last_status()
                return
            self._show(outcome.state, outcome.reason)
            wait_s = outcome.wait_s

    def _follow(self, predecessor: "CameraReader") -> None:
        """Wait until the session before is closed, since a camera gets one; take over what it counted."""
        predecessor._thread.join()
        if self._inherits:
            before = predecessor.handover()
            same_login = predecessor.camera.url == self.camera.url
            self._take_over(before if same_login else replace(before, refused_at=()))

    def _session(self) -> SessionEnd:
        began_s = time.monotonic()
        source = open_source(
            self.camera,
            self._clock,
            deadlines=self._deadlines,
            limits=self._limits,
            carried=self._totals,
            not_before=self._latest,
        )
        with self._lock:
            self._source, self._session_id, self._sequence = source, source.session_id, -1
            if self._stop.is_set():
                source.stop()
            self._send_status()
        try:
            return self._read(source)
        except SourceUnavailable as error:
            return self._handle_failure(error, time.monotonic() - began_s)
        except SightlineError as error:
            return self._retry_later(ConnectionState.LOST, str(error))
        except Exception:  # noqa: BLE001 - the outermost guard of this camera
            # Whatever one stream provokes, the others go on.
            _log.exception("camera %s: reading failed", self.camera.name)
            return self._retry_later(ConnectionState.LOST, INTERNAL_ERROR)
        finally:
            source.close()
            with self._lock:
                self._totals = replace(source.counters(), reconnects=self._totals.reconnects + 1)
                self._source = None

    def _read(self, source: StreamSource) -> SessionEnd:
        first_s: float | None = None
        for frame in source.frames():
            self._offer(frame)
            now_s = time.monotonic()
            if first_s is None:
                first_s = now_s
            if self.camera.plan.mode is SamplingMode.PATROL and now_s - first_s >= self.camera.plan.judge_s:
                self._attempts = backoff.Attempts()
                return self._plan_next_visit()
        self._attempts = backoff.after_session(self._attempts, 0.0 if first_s is None else time.monotonic() - first_s)
        # A file has an end and begins again. A camera should have none, even if its stream names a duration.
        ended = (
            ConnectionState.RESTING if find_source_kind(self.camera.url) is SourceKind.FILE else ConnectionState.LOST
        )
        return self._retry_later(ended, RECORDING_ENDED)

    def _plan_next_visit(self) -> SessionEnd:
        wait_s = max(1.0, self.camera.plan.every_s - self.camera.plan.judge_s)
        spread = 1.0 + PATROL_SPREAD * (2 * self._chance() - 1)
        return SessionEnd(ConnectionState.RESTING, f"next visit in {wait_s:.0f} s", wait_s * spread)

    def _handle_failure(self, error: SourceUnavailable, lived_s: float) -> SessionEnd:
        if isinstance(error, LoginRefused):
            self._attempts, wait_s = backoff.after_refusal(self._attempts, self._clock.now(), self._chance())
            reason = f"{error}; next attempt in {wait_s / 60:.0f} min" if wait_s > 90 else str(error)
            return SessionEnd(ConnectionState.REFUSED, reason, wait_s)
        if self._sequence >= 0:
            self._attempts = backoff.after_session(self._attempts, lived_s)
        if isinstance(error, OverLimit):
            self._attempts, wait_s = backoff.after_excess(self._attempts, self._chance())
            return SessionEnd(ConnectionState.LOST, str(error), wait_s)
        if isinstance(error, CodecUnsupported):
            return self._retry_later(ConnectionState.UNSUPPORTED, str(error))
        return self._retry_later(
            ConnectionState.STALLED if isinstance(error, NoVideo) else ConnectionState.LOST, str(error)
        )

    def _retry_later(self, state: ConnectionState, reason: str) -> SessionEnd:
        self._attempts, wait_s = backoff.after_failure(self._attempts, self._chance())
        return SessionEnd(state, reason, wait_s)

    def _offer(self, frame: Frame) -> None:
        with self._lock:
            received_at = clamp_backward(frame.ref.received_at, self._latest)
            if received_at != frame.ref.received_at:
                frame = replace(frame, ref=replace(frame.ref, received_at=received_at))
            self._latest = self._last_frame_at = frame.ref.received_at
            self._sequence = frame.ref.sequence
            self._state, self._reason = ConnectionState.LIVE, ""
            self._buffer.put(frame)
            self._send_status()

    def _send_last_status(self) -> None:
        """Say once more how it went, so that the last frames offered are in a status too."""
        with self._lock:
            self._last_sent = ()
            self._send_status()

    def _show(self, state: ConnectionState, reason: str) -> None:
        with self._lock:
            self._state, self._reason = state, reason
            self._send_status()

    def _send_status(self) -> None:
        now_s = time.monotonic()
        source = self._source
        state, reason = self._state, self._reason
        if source is not None:
            last_s = source.last_packet_s
            silent_s = None if last_s is None else now_s - last_s
            state, reason = choose_state(state, reason, silent_s, source.key_frame_wait_s(), source.packet_gap_s())
        now_sent = (state, reason, self._session_id)
        if not self._session_id or (now_sent == self._last_sent and now_s - self._last_sent_s < STATUS_EVERY_S):
            return
        self._last_sent, self._last_sent_s = now_sent, now_s
        self._latest = clamp_backward(self._clock.now(), self._latest)
        picture_s = source.last_picture_s if source is not None else None
        if picture_s is not None:
            self._last_picture_at = self._latest - timedelta(seconds=max(0.0, now_s - picture_s))
        status = StreamStatus(
            stream_id=self.camera.name,
            session_id=self._session_id,
            sequence=self._sequence,
            received_at=self._latest,
            state=state,
            reason=reason,
            last_frame_at=self._last_frame_at,
            counters=self._counters(),
            plan=self.camera.plan,
            last_picture_at=self._last_picture_at,
        )
        self._buffer.put(status)

    def _counters(self) -> StreamCounters:
        source = self._source
        current = self._totals if source is None else source.counters()
        dropped = self._buffer.count_dropped(self.camera.name) - self._dropped_before
        return replace(
            current, frames_dropped=self._totals.frames_dropped + dropped, reconnects=self._totals.reconnects
        )
