"""Says over HTTP how a process without the page is: /healthz, /readyz and /metrics, names of parts and counts only."""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from api.exposition import FIGURES
from domain.errors import ConfigError
from domain.urls import redacted

_log = logging.getLogger(__name__)


class HealthServer:
    """Answers in a thread. `health` maps each part to "" or what is wrong; `figures` gives what it counted."""

    name = "health"

    def __init__(
        self,
        host: str,
        port: int,
        health: Callable[[], Mapping[str, str]],
        figures: Callable[[], Mapping[str, float]],
    ) -> None:
        self._host = host
        self._port = port
        self._health = health
        self._figures = figures
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return self._server.server_port if self._server is not None else self._port

    def start(self) -> None:
        """Listen. Raises `ConfigError` when the address cannot be used."""
        try:
            self._server = ThreadingHTTPServer((self._host, self._port), _handler(self.answer))
        except OSError as error:
            raise ConfigError(
                f"health.port: {self._host}:{self._port} cannot be used ({error.strerror}); choose another health.port"
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name=self.name, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout_s)

    def health(self) -> str:
        return "" if self._thread is not None and self._thread.is_alive() else "the server has ended"

    def answer(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Return status, content type and body for a path."""
        if path == "/healthz":
            return HTTPStatus.OK, "application/json", b'{"status": "ok"}'
        if path == "/readyz":
            parts = {part: redacted(why) or "ok" for part, why in self._health().items()}
            ready = all(why == "ok" for why in parts.values())
            status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
            return status, "application/json", json.dumps({"ready": ready, "parts": parts}).encode()
        if path == "/metrics":
            registry = CollectorRegistry()
            registry.register(_Figures(self._health(), self._figures()))
            return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)
        return HTTPStatus.NOT_FOUND, "application/json", b'{"error": "ask for /healthz, /readyz or /metrics"}'


class _Figures(Collector):
    def __init__(self, health: Mapping[str, str], figures: Mapping[str, float]) -> None:
        self._health = health
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("sightline_part_up", "1 while this part of Sightline is well.", labels=["part"])
        for part, why in self._health.items():
            up.add_metric([part], float(why == ""))
        yield up
        for name, text in FIGURES.items():
            if name not in self._figures:
                continue
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield kind(f"sightline_{name.removesuffix('_total')}", text, value=self._figures[name])


def _handler(answer: Callable[[str], tuple[HTTPStatus, str, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5.0

        def do_GET(self) -> None:
            status, content_type, body = answer(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            _log.debug("asked: %s", args[:1])

    return Handler
