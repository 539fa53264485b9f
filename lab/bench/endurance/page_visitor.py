"""An honest visitor of the page, who asks all the time and notes how long each answer took."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_PATIENCE_S = 10.0
PATHS = ("/", "/api/v1/cameras", "/healthz", "/api/v1/incidents")


@dataclass
class PageVisitor:
    """Asks the paths in turn, each on a connection of its own, with the token where one is set."""

    host: str
    port: int
    token: str = ""
    every_s: float = 0.5
    took_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def ask(self, path: str) -> tuple[int, bytes]:
        """Return status and body. Raises `OSError` or `HTTPException` where there is no answer."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_PATIENCE_S)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"} if self.token else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, path: str) -> Any:
        """Return the answer's JSON, None where there is none."""
        try:
            status, body = self.ask(path)
        except (OSError, http.client.HTTPException):
            return None
        return json.loads(body) if status == 200 else None

    def answers(self) -> bool:
        """Return whether the page answers now."""
        try:
            return self.ask("/healthz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def is_ready(self) -> bool:
        """Return whether all parts behind this address are well now."""
        try:
            return self.ask("/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def readiness(self) -> str:
        """Return what /readyz says now."""
        try:
            return self.ask("/readyz")[1].decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return f"no answer ({type(error).__name__})"

    def visit(self) -> None:
        """Ask until stopped; an answer that is none counts as the whole patience."""
        number = 0
        while not self._stop.wait(self.every_s):
            path, began_s = PATHS[number % len(PATHS)], time.monotonic()
            number += 1
            try:
                status, _ = self.ask(path)
                problem = "" if status == 200 else f"{path}: {status}"
            except (OSError, http.client.HTTPException) as error:
                problem = f"{path}: {type(error).__name__}"
            self.took_s.append(_PATIENCE_S if problem else time.monotonic() - began_s)
            if problem:
                self.failures.append(problem)

    def figures(self) -> dict[str, Any]:
        times = self.took_s or [float("nan")]
        return {
            "asked": len(self.took_s),
            "failed": len(self.failures),
            "p50_s": round(float(np.percentile(times, 50)), 3),
            "p95_s": round(float(np.percentile(times, 95)), 3),
            "max_s": round(max(times), 3),
        }

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def visit_page(visitor: PageVisitor) -> Iterator[PageVisitor]:
    """Visit while the block runs."""
    thread = threading.Thread(target=visitor.visit, name="visitor", daemon=True)
    thread.start()
    try:
        yield visitor
    finally:
        visitor.stop()
        thread.join(_PATIENCE_S + 5)
