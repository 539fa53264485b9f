"""Serves an application over HTTP from a thread of this process, within bounds that no stranger can pass."""

import asyncio
import errno
import logging
import resource
import socket
import threading
import time
from collections.abc import Collection
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from api.security.client_address import Network
from domain.errors import ConfigError
from sightline.web_server.connection_table import ConnectionLimits, ConnectionTable
from sightline.web_server.http_protocol import MAX_HEAD_BYTES, BoundedProtocol

_log = logging.getLogger(__name__)

START_TIMEOUT_S = 10.0
BACKLOG = 64
"""asyncio takes as many connections as this in one turn, before any of them can be refused."""
LISTEN_QUEUE = 512
"""Connections that wait in the system until they are taken: a flood fills it, and a guest waits for those before."""
PEER_TIMEOUT_MS = 30_000
"""A peer that acknowledges nothing for this long is gone: a laptop that was closed sends no end."""

SEND_BUFFER_BYTES = 128 * 1024
"""Bytes; the system would let it grow to megabytes for each peer that does not read."""

_EXHAUSTED_ERRORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def max_open_files() -> int:
    """Return how many descriptors this process may have."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft


class BoundedListener(socket.socket):
    """A listening socket that leaves an eighth of the descriptors to the rest of the process, cameras first of all."""

    _full = False

    def listen(self, backlog: int = LISTEN_QUEUE, /) -> None:
        # asyncio gives its own number, which bounds a turn; a queue that short would drop new clients during a flood.
        super().listen(max(backlog, LISTEN_QUEUE))

    def accept(self) -> tuple[socket.socket, Any]:
        if self._full:
            # asyncio goes on accepting after an error says that no descriptor is left; this ends its turn.
            self._full = False
            raise BlockingIOError
        try:
            connection, address = super().accept()
        except OSError as error:
            self._full = error.errno in _EXHAUSTED_ERRORS
            raise
        # The system gives the lowest free descriptor, so its number says how many are in use.
        if connection.fileno() >= max_open_files() * 7 // 8:
            connection.close()
            _log.warning(
                "a connection was refused because most of the %d files that may be open are in use; raise the limit "
                "(ulimit -n, LimitNOFILE)", max_open_files(),
            )  # fmt: skip
            raise BlockingIOError
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PEER_TIMEOUT_MS)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        # asyncio does this for sockets of its own only. Without it each small answer on a kept connection waits for the
        # client's delayed acknowledgement, 40 ms on Linux.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address


class HttpServer:
    """uvicorn in a thread. The address is taken at start, so that a taken port is one clear error."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        name: str,
        max_connections: int,
        trusted_proxies: Collection[Network] = (),
    ) -> None:
        self.name = name
        self._host = host
        self._port = port
        most = max(8, min(max_connections, max_open_files() // 4))
        table = ConnectionTable(ConnectionLimits(most, max(4, most // 4), trusted_proxies), name=name)

        def protocol(**facts: Any) -> asyncio.Protocol:
            return BoundedProtocol(table, **facts)

        config = uvicorn.Config(
            app,
            http=protocol,  # type: ignore[arg-type]  # uvicorn only calls it
            interface="asgi3",
            loop="asyncio",
            ws="none",
            lifespan="on",
            log_config=None,
            # Access logs would carry tokens given as a query; errors reach our log through the `uvicorn.error` logger.
            access_log=False,
            # uvicorn believes proxy headers from 127.0.0.1; api.security.client_address decides whom to believe.
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            timeout_graceful_shutdown=3,
        )
        self._server = _SweepingServer(config, table)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return self._port

    @property
    def address(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/"

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._server.table)

    def start(self) -> None:
        """Listen. Raises `ConfigError` when the address cannot be used."""
        listener = self._listen()
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name=self.name, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._server.started and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not self._server.started:
            listener.close()
            raise ConfigError(f"{self.name}: the server did not start on {self.address}; see the log")

    def stop(self, timeout_s: float) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout_s)

    def health(self) -> str:
        alive = self._thread is not None and self._thread.is_alive()
        return "" if alive else "the server has ended"

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = BoundedListener(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise ConfigError(
                f"{self.name}.port: {self._host}:{self._port} cannot be used ({error.strerror}); stop what listens "
                f"there, or choose another {self.name}.port"
            ) from error
        return listener


class _SweepingServer(uvicorn.Server):
    """uvicorn's server, which checks once a second whether a peer missed its deadline."""

    def __init__(self, config: uvicorn.Config, table: ConnectionTable) -> None:
        super().__init__(config)
        self.table = table

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(_handle_loop_error)
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            self.table.sweep()
        return await super().on_tick(counter)


def _handle_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in _EXHAUSTED_ERRORS:
        _log.warning("no new connection can be taken now (%s); raise the limit of open files", error.strerror)
        return
    loop.default_exception_handler(context)


MAX_CONNECTIONS = 256


class ApiServer(HttpServer):
    """The API's own server."""

    def __init__(
        self,
        app: FastAPI,
        host: str,
        port: int,
        *,
        max_connections: int = MAX_CONNECTIONS,
        trusted_proxies: Collection[Network] = (),
    ) -> None:
        super().__init__(app, host, port, name="api", max_connections=max_connections, trusted_proxies=trusted_proxies)
        self._app = app

    def stop(self, timeout_s: float) -> None:
        # Live streams never end by themselves; on a stop they end at once instead of at the graceful timeout.
        self._app.state.stopping.set()
        super().stop(timeout_s)
