"""What one process can do of the whole. `run` does all of it; the cluster's commands do one part each."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import ConfigError
from domain.ports import LiveState
from sightline.leased_ingest import NewPublisher
from sightline.scoring_part import NewConsumer
from sightline.settings import Settings


class Part(StrEnum):
    """The parts, by the command that runs each alone."""

    INGEST = "ingest"
    WORK = "work"
    SERVE = "serve"
    DISPATCH = "dispatch"


EVERYTHING = frozenset(Part)


@dataclass(frozen=True, slots=True)
class Queue:
    """The transport that was chosen, as parts need it."""

    publisher: NewPublisher
    consumer: NewConsumer
    waiting: Callable[[], int] | None
    """How many messages wait; None where only a consumer knows."""
    shared: bool
    """Other processes use it too: cameras are read under leases, and what is queued at the end is theirs."""


@dataclass(frozen=True, slots=True)
class Present:
    """The live state that was chosen, and how to let go of it."""

    live: LiveState
    close: Callable[[], None]


def check_alone(settings: Settings, part: Part) -> None:
    """Raise `ConfigError` where this part cannot be a process of its own, because others could not reach it."""
    if part in (Part.INGEST, Part.WORK) and settings.queue.kind == "embedded":
        raise ConfigError(
            f"queue.kind: embedded is memory of one process, and 'sightline {part}' is one of several; "
            "set queue.kind: kafka, or use: sightline run"
        )
    if part in (Part.WORK, Part.SERVE) and settings.live.kind == "memory":
        raise ConfigError(
            f"live.kind: memory is seen by one process only, and 'sightline {part}' is one of several; "
            "set live.kind: redis, or use: sightline run"
        )
