"""Messages from ingest to workers, the batch of one poll, and what a worker stores of it in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from domain.alerts import Alert, AlertTransition, Incident, OutboxEntry
from domain.baselines import CameraBaseline, LightMode
from domain.cameras import StreamStatus
from domain.faults import Verdict
from domain.frames import Frame, FrameRef
from domain.metrics import FrameScores
from domain.text.redaction import clean_reason
from domain.verdict_time import VerdictSpan

StreamMessage: TypeAlias = Frame | StreamStatus
"""Both have the same head: `stream_id`, `session_id`, `sequence`, `received_at`, `token`."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as the consumer received it. `position` is the transport's own, opaque to everybody else."""

    message: StreamMessage
    position: object


@dataclass(frozen=True, slots=True)
class Batch:
    """The deliveries of one poll, in the transport's order (per stream: the order of publishing)."""

    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A frame that could not be scored, and why."""

    stream_id: str
    session_id: str
    sequence: int
    received_at: datetime
    reason: str

    def __post_init__(self) -> None:
        # An error may quote the message that a stranger wrote.
        object.__setattr__(self, "reason", clean_reason(self.reason))

    @classmethod
    def of(cls, message: StreamMessage, reason: str) -> "DeadLetter":
        return cls(message.stream_id, message.session_id, message.sequence, message.received_at, reason)


OVERTAKEN = "read by an ingest process that no longer holds the camera"


def is_overtaken(token: int, fence: int) -> bool:
    """Return whether a message was read under a lease that no longer counts; token 0 means under no lease.

    `fence` is the oldest token of the camera that counts (`CameraLeases.fences`).
    """
    return 0 < token < fence


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A verdict that differs from the one before it."""

    stream_id: str
    verdict: Verdict
    at: datetime


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Everything to store of one batch, in one idempotent transaction, before the batch is committed."""

    scores: tuple[FrameScores, ...] = ()
    """In the order in which they were evaluated."""
    statuses: tuple[StreamStatus, ...] = ()
    verdicts: tuple[VerdictChange, ...] = ()
    """Verdicts that changed."""
    alerts: tuple[Alert, ...] = ()
    """Alerts that changed, as they are now."""
    transitions: tuple[AlertTransition, ...] = ()
    """Each step of these alerts."""
    incidents: tuple[Incident, ...] = ()
    """Incidents that changed, as they are now."""
    outbox: tuple[OutboxEntry, ...] = ()
    """Messages to people that are due."""
    baselines: tuple[CameraBaseline, ...] = ()
    """Baselines that changed."""
    dead_letters: tuple[DeadLetter, ...] = ()
    """Messages that could not be processed, with the reason."""
    dropped: tuple[FrameRef, ...] = ()
    """Frames dropped unscored because scoring was too far behind."""
    spans: tuple[VerdictSpan, ...] = ()
    """Time in each state since what was written down before, each stream's oldest first."""


@dataclass(frozen=True, slots=True)
class StreamSnapshot:
    """The live state of one stream: what a page shows. Absent or expired means unknown."""

    stream_id: str
    at: datetime
    """Time of the newest evaluated message."""
    status: StreamStatus | None = None
    mode: LightMode | None = None
    """The light; None where it is not known."""
    settling: bool = False
    """The light has just changed, and the picture is given time."""
    verdicts: tuple[Verdict, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    """Of the last picture, by metric."""
    measured_at: Mapping[str, datetime] = field(default_factory=dict)
    """Time of each value that was measured in an earlier picture."""
    alerts: tuple[Alert, ...] = ()
    incident: Incident | None = None
    """The open incident."""
    lag_s: float | None = None
    """Age of the newest message when it was evaluated; None where it is not measured."""
    frames_dropped: int | None = None
    """Frames dropped unscored since the worker took the stream over; None where not counted."""
    learning_until: datetime | None = None
    """When the baseline of this light is learned at the earliest; None where none is being learned."""
