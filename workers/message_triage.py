"""What happens to each message of a batch before scoring: accepted, dropped as too late, or refused. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from domain.cameras import Camera
from domain.clocks import is_plausible
from domain.frames import Frame, FrameRef
from domain.messages import DeadLetter, Delivery, StreamMessage, is_overtaken

CameraDelivery: TypeAlias = tuple[Delivery, Camera]

SEQUENCE_LEAPS = "its number leaps far beyond all its session sent so far"


FUTURE, PAST = timedelta(days=1), timedelta(days=7)
"""How far a message may be from our own time; the store refuses frames beyond it too."""


def untimely_reason(message: StreamMessage, now: datetime) -> str:
    """Return why a message's time cannot be right at `now`, or ""; a clock of our own that cannot be says nothing.

    Times far apart show that one of two clocks is wrong, not which.
    """
    received_at = message.received_at
    if not is_plausible(now) or -PAST <= received_at - now <= FUTURE:
        return ""
    side = "after" if received_at > now else "before"
    return f"received_at {received_at:%Y-%m-%d %H:%M} UTC is long {side} the worker's {now:%Y-%m-%d %H:%M}: " + (
        "check the clocks of ingest and of this worker"
    )


@dataclass(frozen=True, slots=True)
class TriagedBatch:
    """`accepted` keeps the order; `refused` holds frames only, overtaken statuses are counted and left out."""

    accepted: list[CameraDelivery] = field(default_factory=list)
    dropped: list[CameraDelivery] = field(default_factory=list)
    refused: list[Delivery] = field(default_factory=list)
    overtaken_statuses: int = 0

    @property
    def dropped_refs(self) -> tuple[FrameRef, ...]:
        return tuple(delivery.message.ref for delivery, _ in self.dropped if isinstance(delivery.message, Frame))

    def unscored_cameras(self) -> Mapping[str, CameraDelivery]:
        """Return the last dropped frame of each stream of which no frame is accepted."""
        scored = {camera.name for delivery, camera in self.accepted if isinstance(delivery.message, Frame)}
        return {camera.name: (delivery, camera) for delivery, camera in self.dropped if camera.name not in scored}


def split_by_fence(
    deliveries: Sequence[CameraDelivery], fences: Mapping[str, int]
) -> tuple[list[CameraDelivery], list[Delivery], int]:
    """Split into what was read under a lease that counts, the frames that were not, and how many statuses were not."""
    current = [each for each in deliveries if not is_overtaken(each[0].message.token, fences.get(each[1].name, 0))]
    current_ids = {id(delivery) for delivery, _ in current}
    overtaken = [delivery for delivery, _ in deliveries if id(delivery) not in current_ids]
    frames = [delivery for delivery in overtaken if isinstance(delivery.message, Frame)]
    return current, frames, len(overtaken) - len(frames)


def match_dead_letters(
    deliveries: Sequence[CameraDelivery], letters: Iterable[DeadLetter]
) -> list[tuple[Delivery, str]]:
    """Return the deliveries that these letters are about, each with its reason."""
    reasons = {(each.stream_id, each.session_id, each.sequence): each.reason for each in letters}
    matches = []
    for delivery, _ in deliveries:
        message = delivery.message
        reason = reasons.get((message.stream_id, message.session_id, message.sequence))
        if reason is not None and isinstance(message, Frame):
            matches.append((delivery, reason))
    return matches
