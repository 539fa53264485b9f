"""Which streams this worker knows, and under which assignment; one that another worker had in between starts again."""

from collections.abc import Callable, Iterable

AssignmentOf = Callable[[str], int | None]
"""The assignment under which a stream comes here, None where it goes elsewhere (`StreamConsumer.assignment_of`)."""


class StreamAssignments:
    """Remembers under which assignment each stream was started."""

    def __init__(self, assignment_of: AssignmentOf) -> None:
        self._assignment_of = assignment_of
        self._since: dict[str, int | None] = {}

    def drop_moved(self) -> tuple[str, ...]:
        """Forget the streams that another worker has, or had in between, and return them."""
        moved = tuple(name for name, since in self._since.items() if self._assignment_of(name) != since)
        for name in moved:
            del self._since[name]
        return moved

    def begin(self, names: Iterable[str]) -> tuple[str, ...]:
        """Remember those among `names` that are new, and return them."""
        new = tuple(dict.fromkeys(name for name in names if name not in self._since))
        self._since |= {name: self._assignment_of(name) for name in new}
        return new

    def own_streams(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those among `names` whose messages come here."""
        return tuple(name for name in names if self._assignment_of(name) is not None)
