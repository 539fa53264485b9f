"""What a reading process and its supervisor say to each other over their pipe."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from domain.cameras import Camera, ConnectionState, Mask, StreamCounters
from domain.messages import StreamMessage
from ingest.limits import Deadlines, ReadingLimits


@dataclass(frozen=True, slots=True)
class ReaderHandover:
    """What a camera's new reader takes over from the one before, so that totals and login limits outlive a process."""

    counters: StreamCounters = StreamCounters()
    refused_at: tuple[datetime, ...] = ()
    not_before: datetime | None = None
    state: ConnectionState = ConnectionState.CONNECTING
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReaderSetup:
    """How a reading process works; the first message it gets."""

    deadlines: Deadlines = Deadlines()
    limits: ReadingLimits = ReadingLimits()
    buffer_bytes: int = 64 * 1024 * 1024
    hang_s: float = 45.0
    metrics: tuple[str, ...] | None = None
    """Groups of metrics to measure, None for all."""
    model_every_s: Mapping[str, float] | None = None
    """Seconds between the pictures that each model judges; None sends every picture."""


@dataclass(frozen=True, slots=True)
class StartCamera:
    """Read this camera; where one of that name is being read, end it first."""

    camera: Camera
    handover: ReaderHandover = ReaderHandover()


@dataclass(frozen=True, slots=True)
class StopCamera:
    name: str


@dataclass(frozen=True, slots=True)
class SetMasks:
    """Leave these regions of a camera's pictures out from now on; its session goes on."""

    name: str
    masks: tuple[Mask, ...]


@dataclass(frozen=True, slots=True)
class SetViewed:
    """Somebody views these cameras now: their pictures are sent with their numbers."""

    cameras: frozenset[str]


@dataclass(frozen=True, slots=True)
class SetModels:
    """Workers have these models: no others get pictures. None where that is not known."""

    names: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class SetClock:
    """The time to live by: so many seconds since 1970 when the machine's `domain.clocks.elapsed_s` began."""

    began_at_s: float


@dataclass(frozen=True, slots=True)
class ShutDown:
    """End every session, send what is buffered, and end."""


@dataclass(frozen=True, slots=True)
class ReaderStuck:
    """A reader's own deadlines failed to end a call into FFmpeg; only the end of its process can."""

    camera: str


ReaderCommand: TypeAlias = StartCamera | StopCamera | SetClock | SetMasks | SetModels | SetViewed | ShutDown
ReaderMessage: TypeAlias = StreamMessage | ReaderStuck
