"""A TCP proxy on loopback that can harm what passes: cut it, delay it, swallow it, or let it through one way only."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

_CHUNK = 256 * 1024
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset."""


class ProxyMode(StrEnum):
    """What happens to connections, those that are open and those that come."""

    PASS = "pass"
    CUT = "cut"
    """All are reset, and new ones too."""
    DELAY = "delay"
    """Bytes come `delay_s` later, both ways."""
    HALF_OPEN = "half_open"
    """They stay open and new ones are accepted, yet nothing that is sent arrives; reset once the mode ends."""
    ONE_WAY = "one_way"
    """Requests arrive, answers wait until the mode ends."""


@dataclass(eq=False)
class _Pair:
    """One connection: who called, and the server behind the proxy."""

    client: socket.socket
    server: socket.socket | None
    swallowed: bool = False

    def reset(self) -> None:
        for end in (self.client, self.server):
            if end is not None:
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()


@dataclass
class TcpProxy:
    """Listens on `port` and passes everything to `target` (HOST:PORT), which may be set later."""

    port: int
    target: str = ""
    delay_s: float = 0.5
    mode: ProxyMode = ProxyMode.PASS
    connections: int = 0
    _pairs: set[_Pair] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopped: bool = False

    def set_mode(self, mode: ProxyMode) -> None:
        """Treat all connections so from now on."""
        with self._changed:
            self.mode = mode
            self._changed.notify_all()
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            # What was swallowed is lost: a connection that went on would miss it silently, as no network does.
            if mode is ProxyMode.CUT or (mode is ProxyMode.PASS and pair.swallowed):
                pair.reset()

    def serve(self, listener: socket.socket) -> None:
        while not self._stopped:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def stop(self) -> None:
        self._stopped = True
        self.set_mode(ProxyMode.CUT)

    def _join(self, client: socket.socket) -> None:
        self.connections += 1
        if self.mode is ProxyMode.CUT:
            _Pair(client, None).reset()
            return
        pair = _Pair(client, None)
        with self._lock:
            self._pairs.add(pair)
        try:
            if self.mode is ProxyMode.HALF_OPEN:
                pair.swallowed = True
                self._wait_for_other_mode(ProxyMode.HALF_OPEN)
                return
            host, _, port = self.target.rpartition(":")
            pair.server = socket.create_connection((host, int(port)), 5.0)
            pair.server.settimeout(None)
            back = threading.Thread(target=self._pump, args=(pair, pair.server, client, True), daemon=True)
            back.start()
            self._pump(pair, client, pair.server, False)
            back.join()
        except OSError:
            return
        finally:
            pair.reset()
            with self._lock:
                self._pairs.discard(pair)

    def _pump(self, pair: _Pair, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        try:
            while chunk := source.recv(_CHUNK):
                if self.mode is ProxyMode.DELAY:
                    time.sleep(self.delay_s)
                if self.mode is ProxyMode.ONE_WAY and is_answer:
                    self._wait_for_other_mode(ProxyMode.ONE_WAY)
                if self.mode is ProxyMode.HALF_OPEN:
                    pair.swallowed = True
                    continue
                sink.sendall(chunk)
            if not pair.swallowed:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            pair.reset()

    def _wait_for_other_mode(self, mode: ProxyMode) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.mode is not mode or self._stopped)


@contextmanager
def tcp_proxy(port: int = 0, target: str = "") -> Iterator[TcpProxy]:
    """Run a proxy for the length of the block, on a free port unless one is given."""
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        proxy = TcpProxy(int(listener.getsockname()[1]), target)
        threading.Thread(target=proxy.serve, args=(listener,), name="tcp-proxy", daemon=True).start()
        try:
            yield proxy
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            proxy.stop()
