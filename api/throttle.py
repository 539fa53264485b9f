"""Counts wrong tokens, so that guessing is refused and seen. The right token is accepted whatever was counted."""

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

MOST_WRONG = 10
MOST_WRONG_IN_ALL = 100
WINDOW_S = 60.0
_MOST_CLIENTS = 1024

_log = logging.getLogger(__name__)


class Throttle:
    """Wrong tokens of the last minute, by client address and in all; bounded, shared by threads.

    `clock` gives monotonic seconds: a step of the machine's time must neither lock out nor let loose.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._by_client: OrderedDict[str, deque[float]] = OrderedDict()
        self._in_all: deque[float] = deque(maxlen=MOST_WRONG_IN_ALL)

    def note_wrong(self, client: str) -> float:
        """Count a wrong token; return for how many seconds this client's wrong tokens are refused, 0 for not yet."""
        now = self._clock()
        with self._lock:
            mine = self._by_client.pop(client, None) or deque(maxlen=MOST_WRONG)
            self._by_client[client] = mine
            while len(self._by_client) > _MOST_CLIENTS:
                self._by_client.popitem(last=False)
            wait_s = max(_wait_s(mine, now), _wait_s(self._in_all, now))
            mine.append(now)
            self._in_all.append(now)
        if wait_s > 0:
            _log.warning(
                "somebody guesses the token of the page: wrong ones from %s, more than %d a minute from one address or "
                "%d in all", client, MOST_WRONG, MOST_WRONG_IN_ALL,
            )  # fmt: skip
        return wait_s


def _wait_s(times: deque[float], now: float) -> float:
    """Return how long until the oldest of a full row of times leaves the window, 0 where it is not full."""
    if len(times) < (times.maxlen or 0):
        return 0.0
    return max(0.0, WINDOW_S - (now - times[0]))
