"""Which streams this worker knows, and since which assignment; what others had meanwhile must be begun anew."""

from collections.abc import Callable, Iterable

AssignmentOf = Callable[[str], int | None]
"""Since which assignment a stream comes here, None where it goes to somebody else (`StreamConsumer.assignment_of`)."""


class StreamAssignments:
    """Remembers under which assignment each stream was begun."""

    def __init__(self, assignment_of: AssignmentOf) -> None:
        self._assignment_of = assignment_of
        self._since: dict[str, int | None] = {}

    def drop_moved(self) -> tuple[str, ...]:
        """Return the streams that are, or were in between, somebody else's, and forget them."""
        gone = tuple(name for name, since in self._since.items() if self._assignment_of(name) != since)
        for name in gone:
            del self._since[name]
        return gone

    def begin(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those among `names` that are met for the first time, and remember them."""
        new = tuple(dict.fromkeys(name for name in names if name not in self._since))
        self._since |= {name: self._assignment_of(name) for name in new}
        return new

    def own_streams(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those among `names` whose messages come here."""
        return tuple(name for name in names if self._assignment_of(name) is not None)
