"""What a receiver that is read by people can do besides: take many messages as one."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from domain.alerts import OutboxEntry


@runtime_checkable
class DigestNotifier(Protocol):
    """Sends many messages as one, so that nobody is flooded after an outage."""

    name: str

    def send(self, entry: OutboxEntry) -> None:
        """Deliver one message or raise `NotifierUnavailable`."""
        ...

    def send_digest(self, entries: Sequence[OutboxEntry]) -> None:
        """Deliver these messages as one or raise `NotifierUnavailable`."""
        ...
