"""Which of a stream's waiting statuses may be dropped while no worker polls, so that an outage cannot fill the memory.

Kept are the latest, and of every run that says the same (session, state and reason) the first and the last: a session's
beginning, each change of state, and the counters, which only grow. Where even these are too many the oldest go first.
"""

from bisect import insort
from collections.abc import Sequence

from domain.cameras import ConnectionState, StreamStatus

MAX_WAITING_STATUSES = 64
"""Waiting statuses of one stream; at one in two seconds all of two minutes are kept."""

_StatusKey = tuple[str, ConnectionState, str]


def find_superseded(words: Sequence[_StatusKey]) -> int:
    """Return which of a stream's waiting statuses, oldest first, to drop: one between two with the same state."""
    for place in range(1, len(words) - 1):
        if words[place - 1] == words[place] == words[place + 1]:
            return place
    return 0


class StatusBacklog:
    """Remembers by position what waits of each stream. Not safe for threads by itself."""

    def __init__(self, most: int = MAX_WAITING_STATUSES) -> None:
        self._most = most
        self._waiting: dict[str, list[tuple[int, _StatusKey]]] = {}
        self.coalesced_count = 0

    def add(self, position: int, status: StreamStatus) -> int | None:
        """Note a status; return the position of one that must make room for it, None while there is room."""
        mine = self._waiting.setdefault(status.stream_id, [])
        insort(mine, (position, (status.session_id, status.state, status.reason)))
        if len(mine) <= self._most:
            return None
        gone, _ = mine.pop(find_superseded([word for _, word in mine]))
        self.coalesced_count += 1
        return gone

    def remove(self, position: int, status: StreamStatus) -> None:
        """Forget a status that waits no longer."""
        mine = self._waiting.get(status.stream_id, [])
        kept = [each for each in mine if each[0] != position]
        if kept:
            self._waiting[status.stream_id] = kept
        else:
            self._waiting.pop(status.stream_id, None)
