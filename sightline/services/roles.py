"""What one process can do of the whole. `run` does all of it; the cluster's commands do one part each."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import ConfigError
from domain.ports import LiveState
from sightline.config.settings import Settings
from sightline.services.leased_ingest_service import NewPublisher
from sightline.services.scoring_service import NewConsumer


class Role(StrEnum):
    """The parts, by the command that runs each alone."""

    INGEST = "ingest"
    WORK = "work"
    SERVE = "serve"
    DISPATCH = "dispatch"


ALL_ROLES = frozenset(Role)


@dataclass(frozen=True, slots=True)
class ChosenTransport:
    """The transport that was chosen, as parts need it."""

    publisher: NewPublisher
    consumer: NewConsumer
    count_waiting: Callable[[], int] | None
    """How many messages wait; None where only a consumer knows."""
    shared: bool
    """Other processes use it too: cameras are read under leases, and what is queued at the end is theirs."""


@dataclass(frozen=True, slots=True)
class ChosenLiveState:
    """The live state that was chosen, and how to let go of it."""

    live: LiveState
    close: Callable[[], None]


def check_separate_role(settings: Settings, part: Role) -> None:
    """Raise `ConfigError` where this part cannot be a process of its own, because others could not reach it."""
    if part in (Role.INGEST, Role.WORK) and settings.queue.kind == "embedded":
        raise ConfigError(
            f"queue.kind: embedded is memory of one process, and 'sightline {part}' is one of several; "
            "set queue.kind: kafka, or use: sightline run"
        )
    if part in (Role.WORK, Role.SERVE) and settings.live.kind == "memory":
        raise ConfigError(
            f"live.kind: memory is seen by one process only, and 'sightline {part}' is one of several; "
            "set live.kind: redis, or use: sightline run"
        )
