"""The health of a process without the page, over HTTP: /healthz, /readyz and /metrics, with part names and counts."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus

import anyio.to_thread
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.backend import ProcessMetrics
from api.error_responses import error_response
from api.routes.health import ready_answer
from api.routes.prometheus import ProcessCollector
from api.security.access_rules import SECURITY_HEADERS
from sightline.web_server.http_server import HttpServer

MAX_HEALTH_CONNECTIONS = 64

_log = logging.getLogger(__name__)


class HealthServer(HttpServer):
    """`health` maps each part to "" or what is wrong; `process_metrics` gives what it counted.

    `warnings` says what is wrong although every part is well.
    """

    def __init__(
        self,
        host: str,
        port: int,
        health: Callable[[], Mapping[str, str]],
        process_metrics: Callable[[], ProcessMetrics],
        warnings: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        super().__init__(self._respond, host, port, name="health", max_connections=MAX_HEALTH_CONNECTIONS)
        self._health_of_parts = health
        self._process_metrics = process_metrics
        self._warnings = warnings

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            await error_response(405, "only GET is answered here", {"Allow": "GET, HEAD"})(scope, receive, send)
            return
        # The parts may ask a database that is slow; the event loop must not wait for it.
        try:
            status, content_type, body = await anyio.to_thread.run_sync(self.answer, scope["path"])
        except Exception as error:  # noqa: BLE001  # whatever a part says, a probe gets an answer
            # One line: a probe comes every few seconds.
            _log.warning("the health of this process is unknown: %s", error)
            await error_response(503, "the health of this process is unknown; its log says more")(scope, receive, send)
            return
        await Response(body, status, {"Content-Type": content_type, **SECURITY_HEADERS})(scope, receive, send)

    def answer(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Return status, content type and body for a path."""
        if path == "/healthz":
            return HTTPStatus.OK, "application/json", b'{"status": "ok"}'
        if path == "/readyz":
            answer = ready_answer(self._health_of_parts(), self._warnings())
            status = HTTPStatus.OK if answer.ready else HTTPStatus.SERVICE_UNAVAILABLE
            return status, "application/json", answer.model_dump_json().encode()
        if path == "/metrics":
            registry = CollectorRegistry()
            registry.register(ProcessCollector(self._health_of_parts(), self._process_metrics()))
            return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)
        return HTTPStatus.NOT_FOUND, "application/json", b'{"error": "ask for /healthz, /readyz or /metrics"}'


async def _answer_lifespan(receive: Receive, send: Send) -> None:
    """Follow the server's start and stop; there is nothing to do at either."""
    for moment in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{moment}.complete"})
