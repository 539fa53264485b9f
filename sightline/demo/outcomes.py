"""Compares the injected faults with the messages: how the demo checks itself. Pure except for the message list."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.alerts import NotificationKind, OutboxEntry
from domain.faults import FAULT_LABELS, Fault
from domain.ports import Clock


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message, and when it reached us."""

    entry: OutboxEntry
    at: datetime


class RecordingNotifier:
    """The notifier of the demo: keeps every message in the order sent."""

    name = "demo"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._messages: list[ReceivedMessage] = []
        self._lock = threading.Lock()

    def send(self, entry: OutboxEntry) -> None:
        """Keep the message; one that comes again under its key is kept once."""
        with self._lock:
            if all(entry.key != known.entry.key for known in self._messages):
                self._messages.append(ReceivedMessage(entry, self._clock.now()))

    def messages(self) -> tuple[ReceivedMessage, ...]:
        with self._lock:
            return tuple(self._messages)


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """A fault that was planted (None: none was), and when."""

    camera: str
    fault: Fault | None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CameraOutcome:
    """What became of one camera. `wrong` is "" where all went as it should."""

    planted: PlantedFault
    wrong: str = ""
    headline: Fault | None = None
    alerts: int = 0
    raised_at: datetime | None = None
    resolved_at: datetime | None = None

    @property
    def delay_s(self) -> float | None:
        if self.raised_at is None or self.planted.at is None:
            return None
        return (self.raised_at - self.planted.at).total_seconds()


def compare_outcomes(planted: Sequence[PlantedFault], messages: Sequence[ReceivedMessage]) -> tuple[CameraOutcome, ...]:
    """Return what became of every camera: one alert under the right name where a fault was planted, else none."""
    by_camera: Mapping[str, list[ReceivedMessage]] = {plant.camera: [] for plant in planted}
    for message in messages:
        incident = message.entry.incident
        for name in incident.members or (incident.stream_id,):
            if name in by_camera:
                by_camera[name].append(message)
    return tuple(_compare_camera(plant, by_camera[plant.camera]) for plant in planted)


def _compare_camera(planted: PlantedFault, messages: Sequence[ReceivedMessage]) -> CameraOutcome:
    firing = [message for message in messages if message.entry.kind is NotificationKind.FIRING]
    resolved = [message for message in messages if message.entry.kind is NotificationKind.RESOLVED]
    first = firing[0] if firing else None
    return CameraOutcome(
        planted=planted,
        wrong=_find_mistake(planted, firing),
        headline=first.entry.incident.headline if first else None,
        alerts=len(firing),
        raised_at=first.at if first else None,
        resolved_at=resolved[-1].at if resolved else None,
    )


def _find_mistake(planted: PlantedFault, firing: Sequence[ReceivedMessage]) -> str:
    """Return what is wrong about the alerts of one camera, or ""."""
    names = ", ".join(FAULT_LABELS[message.entry.incident.headline] for message in firing)
    if planted.fault is None:
        return f"healthy, but an alert was raised: {names}" if firing else ""
    if not firing:
        return "no alert was raised"
    if len(firing) > 1:
        return f"{len(firing)} alerts instead of one: {names}"
    if firing[0].entry.incident.headline is not planted.fault:
        return f"raised as something else: {names}"
    if planted.at is not None and firing[0].at < planted.at:
        return "raised before the fault was planted"
    return ""
