"""Counts wrong tokens, so that guessing is refused and seen. The right token is accepted whatever was counted."""

import logging
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from threading import Lock

from api.security.client_address import address_group

MAX_WRONG_TOKENS = 10
MAX_WRONG_TOKENS_IN_ALL = 100
WINDOW_S = 60.0
_MAX_CLIENTS = 1024

_log = logging.getLogger(__name__)


class TokenThrottle:
    """Wrong tokens of the last minute, by client address and in all; bounded, shared by threads.

    `clock` gives monotonic seconds: a step of the machine's time must neither lock out nor let loose.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._by_client: OrderedDict[str, deque[float]] = OrderedDict()
        self._in_all: deque[float] = deque(maxlen=MAX_WRONG_TOKENS_IN_ALL)

    def record_wrong_token(self, client: str) -> float:
        """Count a wrong token; return for how many seconds this client's wrong tokens are refused, 0 for not yet."""
        now, client = self._clock(), address_group(client)
        with self._lock:
            mine = self._by_client.pop(client, None) or deque(maxlen=MAX_WRONG_TOKENS)
            self._by_client[client] = mine
            while len(self._by_client) > _MAX_CLIENTS:
                self._by_client.popitem(last=False)
            wait_s = max(_wait_s(mine, now), _wait_s(self._in_all, now))
            mine.append(now)
            self._in_all.append(now)
        if wait_s > 0:
            _log.warning(
                "somebody guesses the token of the page: wrong ones from %s, more than %d a minute from one address or "
                "%d in all", client, MAX_WRONG_TOKENS, MAX_WRONG_TOKENS_IN_ALL,
            )  # fmt: skip
        return wait_s


def _wait_s(times: deque[float], now: float) -> float:
    """Return how long until the oldest of a full row of times leaves the window, 0 where it is not full."""
    if len(times) < (times.maxlen or 0):
        return 0.0
    return max(0.0, WINDOW_S - (now - times[0]))


class PasswordThrottle:
    """Attempts to sign in of the last minute, by account and by address; bounded, shared by threads.

    An attempt counts before its password is looked at, and is forgiven where it was right: many at once count too.
    While one of its two names is full, a right password is refused as well, or guessing would cost nothing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._attempts: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def begin(self, account: str, client: str) -> float:
        """Count an attempt; return for how many seconds it is refused, 0 for not at all."""
        now, client = self._clock(), address_group(client)
        with self._lock:
            rows = [self._row("account", account), self._row("address", client)]
            wait_s = max(_wait_s(row, now) for row in rows)
            if wait_s <= 0:
                for row in rows:
                    row.append(now)
        if wait_s > 0:
            _log.warning("wrong passwords: more than %d a minute for one account or from %s", MAX_WRONG_TOKENS, client)
        return wait_s

    def forgive(self, account: str, client: str) -> None:
        """Take back an attempt that was right."""
        client = address_group(client)
        with self._lock:
            for row in (self._row("account", account), self._row("address", client)):
                if row:
                    row.pop()

    def _row(self, kind: str, name: str) -> deque[float]:
        row = self._attempts.pop((kind, name), None) or deque(maxlen=MAX_WRONG_TOKENS)
        self._attempts[kind, name] = row
        while len(self._attempts) > 2 * _MAX_CLIENTS:
            self._attempts.popitem(last=False)
        return row


MAX_LIVE_STREAMS = 50
MAX_LIVE_STREAMS_PER_CLIENT = 20


class LiveStreamLimit:
    """The live streams that are open now."""

    def __init__(self) -> None:
        self._by_client: Counter[str] = Counter()

    @property
    def open(self) -> int:
        return self._by_client.total()

    def acquire_slot(self, client: str) -> str:
        """Count one more page of `client`, or return why it is refused."""
        if self.open >= MAX_LIVE_STREAMS:
            return f"{MAX_LIVE_STREAMS} pages are open already"
        if self._by_client[client] >= MAX_LIVE_STREAMS_PER_CLIENT:
            return (
                f"{MAX_LIVE_STREAMS_PER_CLIENT} pages are open from this address already; if it is that of a proxy, "
                "list it in api.trusted_proxies"
            )
        self._by_client[client] += 1
        return ""

    def release_slot(self, client: str) -> None:
        self._by_client[client] -= 1
        if self._by_client[client] <= 0:
            del self._by_client[client]
