"""The ports of what sends messages to people. `domain/ports.py` imports them, so that all ports are in one place."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from domain.alerts import OutboxEntry


class Notifier(Protocol):
    """Sends notifications to people, at least once: receivers recognise a repeat by the entry's key."""

    name: str

    def send(self, entry: OutboxEntry) -> None:
        """Deliver one message or raise `NotifierUnavailable`."""
        ...


class AnsweringNotifier(Notifier, Protocol):
    """A receiver that can say what its server answered."""

    def send_and_read_answer(self, entry: OutboxEntry) -> str:
        """Deliver one message and return the server's own answer, or raise `NotifierUnavailable`."""
        ...


@runtime_checkable
class DigestNotifier(Notifier, Protocol):
    """A receiver that can take many messages as one, so that nobody is flooded after an outage."""

    def send_digest(self, entries: Sequence[OutboxEntry]) -> None:
        """Deliver these messages as one or raise `NotifierUnavailable`."""
        ...


class ReceiverTester(Protocol):
    """Sends test messages to receivers."""

    def names(self) -> Sequence[str]: ...

    def send_test(self, name: str) -> str:
        """Send a test message and return the server's own answer, without secrets. Raises `NotifierUnavailable`."""
        ...
