"""Serves the API and the page."""

from collections.abc import Collection

from fastapi import FastAPI

from api.clients import Network
from sightline.http_server import HttpServer

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
        # Live streams never end by themselves; told to stop, they end at once instead of at the graceful timeout.
        self._app.state.stopping.set()
        super().stop(timeout_s)
