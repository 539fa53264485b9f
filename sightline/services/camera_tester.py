"""Tries out a camera's address: one session, in a reading process with limits, for a few seconds."""

import time
from contextlib import closing

from api.jpeg import encode_jpeg
from domain.cameras import Camera, CameraTestResult, ConnectionState, StreamCounters, StreamStatus
from domain.errors import FrameRejected
from domain.frames import Frame
from domain.ports import Clock
from domain.text.camera_urls import find_secrets
from ingest.supervise.ipc import ReaderSetup
from ingest.supervise.supervisor import IngestSupervisor
from sightline.config.settings import Settings
from sightline.runtime.logging_setup import Redactor
from transport.embedded import EmbeddedQueue

LONGEST_S = 20.0
"""A camera that sent no picture for this long is not waited for any longer."""
START_S = 60.0
"""A reading process on a busy machine may need so long before it opens anything."""
RATES_S = 2.5
"""Rates are measured over the first seconds after the first picture."""
PICTURE_WIDTH = 640
_POLL_S = 0.2
_MOST_FRAMES = 4
_ENDED = (ConnectionState.LOST, ConnectionState.REFUSED, ConnectionState.UNSUPPORTED)


class ReaderCameraTester:
    """`CameraTester` that reads as ingest does."""

    def __init__(self, settings: Settings, clock: Clock, redactor: Redactor | None = None) -> None:
        self._limits = settings.ingest.limits()
        self._pictures = settings.pictures == "memory"
        self._clock = clock
        self._redactor = redactor

    def test(self, camera: Camera) -> CameraTestResult:
        secrets = find_secrets(camera.url)
        if self._redactor is not None:
            self._redactor.learn(secrets)
        frame, status, seconds = self._read(camera)
        counters = StreamCounters() if status is None else status.counters
        reason = _reason(frame, status)
        for secret in secrets:
            reason = reason.replace(secret, "***")
        return CameraTestResult(
            works=frame is not None,
            reason=reason,
            seconds=seconds,
            width=0 if frame is None else frame.format.width,
            height=0 if frame is None else frame.format.height,
            codec=counters.codec,
            fps=counters.fps,
            bitrate_bps=counters.bitrate_bps,
            picture=_encode(frame) if self._pictures else b"",
        )

    def _read(self, camera: Camera) -> tuple[Frame | None, StreamStatus | None, float]:
        """Return the last picture, the last status, and the seconds until the first picture or the end."""
        queue = EmbeddedQueue(max_frames=_MOST_FRAMES)
        setup = ReaderSetup(limits=self._limits)
        supervisor = IngestSupervisor([camera], queue.publisher(), self._clock, setup=setup, silent_s=START_S)
        frame: Frame | None = None
        status: StreamStatus | None = None
        started_s = time.monotonic()
        began_s: float | None = None
        first_s: float | None = None
        supervisor.start()
        try:
            with closing(queue.consumer()) as consumer:
                while not _is_over(started_s, began_s, first_s, status):
                    batch = consumer.poll(_MOST_FRAMES, _POLL_S)
                    if batch.deliveries and began_s is None:
                        began_s = time.monotonic()
                    for delivery in batch.deliveries:
                        if isinstance(delivery.message, Frame):
                            frame = delivery.message
                            first_s = time.monotonic() if first_s is None else first_s
                        else:
                            status = delivery.message
                    consumer.commit(batch)
        finally:
            supervisor.stop()
        end_s = time.monotonic() if first_s is None else first_s
        return frame, status, end_s - (started_s if began_s is None else began_s)


def _is_over(started_s: float, began_s: float | None, first_s: float | None, status: StreamStatus | None) -> bool:
    now_s = time.monotonic()
    if first_s is not None:
        return now_s - first_s > RATES_S
    if began_s is None:
        return now_s - started_s > START_S
    return now_s - began_s > LONGEST_S or (status is not None and status.state in _ENDED)


def _reason(frame: Frame | None, status: StreamStatus | None) -> str:
    """Return in words what came of it."""
    if frame is not None:
        return f"it sends pictures of {frame.format.width} x {frame.format.height}"
    if status is not None and status.reason:
        return status.reason
    if status is not None and status.state in (ConnectionState.LIVE, ConnectionState.STALLED):
        return f"it is connected, but no picture came within {LONGEST_S:.0f} s"
    return f"no picture came within {LONGEST_S:.0f} s; check the address, the network and the login"


def _encode(frame: Frame | None) -> bytes:
    if frame is None:
        return b""
    try:
        return encode_jpeg(frame, PICTURE_WIDTH)
    except FrameRejected:
        return b""
