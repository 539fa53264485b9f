"""Reads a source to an end that a test can look at."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.cameras import Camera, RtspTransport, SamplingMode, SamplingPlan, StreamCounters
from domain.errors import SourceUnavailable
from domain.frames import Frame
from ingest.limits import Deadlines, ReadingLimits
from ingest.read.stream_source import Pace, open_source
from ingest.supervise.reader_process import SupervisorClock

ALL = SamplingPlan(SamplingMode.ALL)
LIMITS = ReadingLimits()
SHORT = Deadlines(open_s=1.5, video_s=1.0, picture_s=2.0)
PATIENT = Deadlines(open_s=10.0, video_s=10.0, picture_s=20.0)


@dataclass(frozen=True)
class SourceReading:
    """What came of a session: its frames, its counters, and the error that ended it."""

    frames: list[Frame]
    counters: StreamCounters
    error: SourceUnavailable | None


def read_source(
    url: str,
    *,
    plan: SamplingPlan = ALL,
    deadlines: Deadlines = PATIENT,
    limits: ReadingLimits = LIMITS,
    transport: RtspTransport = RtspTransport.TCP,
    pace: Pace = Pace.FULL_SPEED,
    most: int | None = None,
    during: Callable[[int], object] | None = None,
) -> SourceReading:
    """Read one session to its end, or until it gave `most` frames; `during` is called with the number read so far."""
    source = open_source(
        Camera("camera", url, plan=plan, transport=transport),
        SupervisorClock(),
        deadlines=deadlines,
        limits=limits,
        pace=pace,
    )
    frames: list[Frame] = []
    error: SourceUnavailable | None = None
    try:
        for frame in source.frames():
            frames.append(frame)
            if during is not None:
                during(len(frames))
            if most is not None and len(frames) >= most:
                break
    except SourceUnavailable as caught:
        error = caught
    finally:
        source.close()
    return SourceReading(frames, source.counters(), error)
