"""How many connections a server holds, and for how long it waits for their other ends. Pure but for the log.

A full table makes room by closing the connection that has waited longest for its peer, so that a client that
sends a whole request is answered even while another floods the server with half-finished connections.
"""

import logging
import time
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Protocol

from api.security.client_address import Network, address_group, is_trusted_proxy, normalise_address

_log = logging.getLogger(__name__)

LOG_INTERVAL_S = 30.0
MOST_COMPARED = 64
"""So many of the connections that are open longest are compared to make room: comparing all of them for each new
one is what a flood would make the server do."""


class PeerWait(Enum):
    """What a connection waits for from its peer."""

    HEAD = "the head of a request, counted from the connection or from the answer before"
    BODY = "the rest of a body, counted from its head"
    READING = "the peer reads its answer too slowly"
    CLOSING = "the peer takes the last bytes of its answer; then the connection is gone"


DEADLINE_S = {PeerWait.HEAD: 10.0, PeerWait.BODY: 10.0, PeerWait.READING: 30.0, PeerWait.CLOSING: 15.0}
"""READING: less than 48 KiB were taken in this time."""


class OpenConnection(Protocol):
    """What the table must know of a connection; all of it is called from the server's own thread."""

    address: str

    def current_wait(self) -> tuple[PeerWait, float] | None:
        """Return what this connection waits for and since when (monotonic), None while the server is at work."""
        ...

    def give_up(self, wait: PeerWait) -> None:
        """Close the connection because `wait` took too long."""
        ...

    def drop(self) -> None:
        """End the connection at once and without a word, for another's sake."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """`most` connections in all and `most_each` from one address; addresses of proxies have no limit of their own.

    This machine's own addresses have none either: an unlisted proxy speaks for all clients from there.
    """

    most: int
    most_each: int
    proxies: Collection[Network] = ()


class ConnectionTable:
    """The open connections of one server. Not thread-safe: used from its event loop alone."""

    def __init__(self, limits: ConnectionLimits, *, name: str) -> None:
        self._limits = limits
        self._name = name
        self._open: dict[str, dict[OpenConnection, None]] = {}
        self._count = 0
        self._closed: Counter[str] = Counter()
        self._said_at = float("-inf")

    def __len__(self) -> int:
        return self._count

    def admit(self, connection: OpenConnection) -> bool:
        """Take `connection` in, closing another where none is free; False where every other one is being served."""
        group = address_group(connection.address)
        mine = self._open.get(group, {})
        room = True
        if len(mine) >= self._limits.most_each and not self._is_shared(connection.address):
            room = self._close_one(mine)
        elif self._count >= self._limits.most:
            crowd = max(self._open.values(), key=len)
            room = self._close_one(crowd) or self._close_one(self._all())
        if not room:
            self._closed[group] += 1
            return False
        self._open.setdefault(group, {})[connection] = None
        self._count += 1
        return True

    def forget(self, connection: OpenConnection) -> None:
        """Take a closed connection out; one that is not there is no error."""
        group = address_group(connection.address)
        mine = self._open.get(group)
        if mine is None or connection not in mine:
            return
        del mine[connection]
        self._count -= 1
        if not mine:
            del self._open[group]

    def sweep(self, now: float | None = None) -> None:
        """Give up every connection whose peer let a deadline pass; log how many were closed to make room."""
        now = time.monotonic() if now is None else now
        for connection in self._all():
            found = connection.current_wait()
            if found is not None and now - found[1] > DEADLINE_S[found[0]]:
                connection.give_up(found[0])
        self._say(now)

    def _is_shared(self, address: str) -> bool:
        found = normalise_address(address)
        return found is None or found.is_loopback or is_trusted_proxy(found, self._limits.proxies)

    def _all(self) -> list[OpenConnection]:
        return [each for mine in self._open.values() for each in mine]

    def _close_one(self, among: Iterable[OpenConnection]) -> bool:
        """Close the one that waits longest among those open longest; False where every one is being served."""
        waits = ((found[1], each) for each in among if (found := each.current_wait()) is not None)
        connection = min(islice(waits, MOST_COMPARED), key=lambda item: item[0], default=(0.0, None))[1]
        if connection is None:
            return False
        self._closed[address_group(connection.address)] += 1
        self.forget(connection)
        connection.drop()
        return True

    def _say(self, now: float) -> None:
        if not self._closed or now - self._said_at < LOG_INTERVAL_S:
            return
        address, _ = self._closed.most_common(1)[0]
        _log.warning(
            "%s: %d connections were closed to make room, most of them from %s; at most %d are kept in all, %d from "
            "one address. If these are your users, raise the limit of connections or list their proxy",
            self._name, self._closed.total(), address, self._limits.most, self._limits.most_each,
        )  # fmt: skip
        self._closed.clear()
        self._said_at = now
