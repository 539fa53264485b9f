"""Strangers that connect to the page: sockets that never ask, paths of sixty thousand letters, tokens by the dozen.

They come from several loopback addresses, one of which is the one that everybody honest has too. Each kind is a
thread; all end with the block that called them.
"""

import http.client
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HALF_OPEN = 1_100
LONG_PATH = 60_000
_ADDRESSES = ("127.0.0.1", "127.0.0.7", "127.0.0.8")
_ANSWER_TIMEOUT_S = 20.0
_BURST = 40


@dataclass
class HostileClients:
    """What they did so far, by kind: attempts, and how many were answered with which status."""

    host: str
    port: int
    half_open: int = HALF_OPEN
    done: Counter[str] = field(default_factory=Counter)
    _stop: threading.Event = field(default_factory=threading.Event)

    def hold_sockets(self) -> None:
        """Open `half_open` connections at once that never finish a request; fifty a second replace those closed."""
        held: list[socket.socket] = []
        chance = random.Random(3)
        try:
            while not self._stop.wait(0.02):
                held = [each for each in held if not _is_closed(each)]
                burst = _BURST if self.done["half-open sockets"] < self.half_open else 1
                for _ in range(min(burst, self.half_open - len(held))):
                    with suppress(OSError):
                        held.append(self._open_half_request(chance))
                        self.done["half-open sockets"] += 1
        finally:
            for each in held:
                each.close()

    def _open_half_request(self, chance: random.Random) -> socket.socket:
        connection = socket.create_connection((self.host, self.port), 2.0, (chance.choice(_ADDRESSES), 0))
        try:
            if chance.random() < 0.5:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            connection.setblocking(False)
        except OSError:
            connection.close()
            raise
        return connection

    def ask_long_paths(self) -> None:
        """Ask for paths that make a careless pattern work for seconds, twice a second."""
        shapes = ("/" + "a" * LONG_PATH, "/" + "%41" * (LONG_PATH // 3), "/?q=" + "://a:" * (LONG_PATH // 5))
        number = 0
        while not self._stop.wait(0.5):
            self._ask("long paths", shapes[number % len(shapes)], {})
            number += 1

    def guess_tokens(self) -> None:
        """Try wrong tokens by header and by form, twenty a second."""
        number = 0
        while not self._stop.wait(0.05):
            number += 1
            guess = f"guess-{number:06d}-{'x' * 20}"
            if number % 4:
                self._ask("wrong tokens", "/api/v1/cameras", {"Authorization": f"Bearer {guess}"})
            else:
                self._ask("wrong tokens", f"/?token={guess}", {})

    def _ask(self, kind: str, path: str, headers: dict[str, str]) -> None:
        source = (_ADDRESSES[self.done[kind] % len(_ADDRESSES)], 0)
        self.done[kind] += 1
        connection = http.client.HTTPConnection(self.host, self.port, _ANSWER_TIMEOUT_S, source)
        try:
            connection.request("GET", path, headers=headers)
            self.done[f"{kind}: {connection.getresponse().status}"] += 1
        except (OSError, http.client.HTTPException) as error:
            self.done[f"{kind}: {type(error).__name__}"] += 1
        finally:
            connection.close()

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def run_hostile_clients(host: str, port: int, *, half_open: int = HALF_OPEN) -> Iterator[HostileClients]:
    """Let all of them loose on a page while the block runs."""
    crowd = HostileClients(host, port, half_open)
    kinds: tuple[Callable[[], None], ...] = (crowd.hold_sockets, crowd.ask_long_paths, crowd.guess_tokens)
    threads = [threading.Thread(target=kind, name=kind.__name__, daemon=True) for kind in kinds]
    for thread in threads:
        thread.start()
    try:
        yield crowd
    finally:
        crowd.stop()
        for thread in threads:
            thread.join(_ANSWER_TIMEOUT_S + 5)


def _is_closed(connection: socket.socket) -> bool:
    """Return whether the server has closed this connection, and close our end then."""
    try:
        left = connection.recv(4096, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        left = True
    if left:
        connection.close()
    return left
