"""Slows down whoever guesses tokens."""

from collections import OrderedDict
from datetime import datetime
from threading import Lock

MOST_WRONG = 10
WINDOW_S = 60.0
_MOST_CLIENTS = 1024


class Throttle:
    """Counts wrong tokens by client address over the last minute; bounded, shared by threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wrong: OrderedDict[str, list[datetime]] = OrderedDict()

    def wait_s(self, client: str, now: datetime) -> float:
        """Return for how long this client is refused, 0 where it is not."""
        with self._lock:
            recent = [at for at in self._wrong.get(client, []) if (now - at).total_seconds() < WINDOW_S]
        if len(recent) < MOST_WRONG:
            return 0.0
        return WINDOW_S - (now - recent[0]).total_seconds()

    def note(self, client: str, now: datetime) -> None:
        with self._lock:
            recent = [at for at in self._wrong.pop(client, []) if (now - at).total_seconds() < WINDOW_S]
            self._wrong[client] = [*recent, now][-MOST_WRONG:]
            while len(self._wrong) > _MOST_CLIENTS:
                self._wrong.popitem(last=False)
