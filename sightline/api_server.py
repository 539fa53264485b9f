"""Serves the API and the page from a thread of this process."""

import logging
import socket
import threading
import time

import uvicorn
from fastapi import FastAPI

from domain.errors import ConfigError

_log = logging.getLogger(__name__)

START_TIMEOUT_S = 10.0


class ApiServer:
    """uvicorn in a thread. The address is taken at start, so that a taken port is one clear error."""

    name = "api"

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        # Access logs would carry tokens given as a query; errors reach our log through the `uvicorn.error` logger.
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=3)
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/"

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
            raise ConfigError(f"api: the server did not start on {self.address}; see the log")

    def stop(self, timeout_s: float) -> None:
        # Live streams never end by themselves; told to stop, they end at once instead of at the graceful timeout.
        self._app.state.stopping.set()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout_s)

    def health(self) -> str:
        alive = self._thread is not None and self._thread.is_alive()
        return "" if alive else "the server has ended"

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise ConfigError(
                f"api.port: {self._host}:{self._port} cannot be used ({error.strerror}); stop what listens there, "
                "or choose another api.port"
            ) from error
        return listener
