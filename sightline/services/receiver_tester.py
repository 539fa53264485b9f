"""Sends a test message to one of the configured receivers."""

from collections.abc import Sequence

from domain.errors import ConfigError
from domain.ports import Clock, Notifier
from notification.message import make_test_entry


class ConfiguredReceiverTester:
    """`ReceiverTester` of the receivers of the settings."""

    def __init__(self, notifiers: Sequence[Notifier], clock: Clock) -> None:
        self._notifiers = {notifier.name: notifier for notifier in notifiers}
        self._clock = clock

    def names(self) -> Sequence[str]:
        return tuple(self._notifiers)

    def send_test(self, name: str) -> str:
        """Raise `ConfigError` for a name that is none."""
        if name not in self._notifiers:
            there = ", ".join(self._notifiers) or "none"
            raise ConfigError(f"NAME: there is no receiver '{name}'; there are: {there}")
        notifier, entry = self._notifiers[name], make_test_entry(self._clock.now())
        send = getattr(notifier, "send_and_read_answer", None)
        if send is None:
            notifier.send(entry)
            return "written"
        return str(send(entry))
