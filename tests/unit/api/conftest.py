"""The API over the fakes, called in process, and served for what needs a real connection."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from tests.unit.api.stage import METRICS, Stage


class Caller:
    """Sends requests to an application in this process."""

    def __init__(self, app: FastAPI, *, base_url: str = "http://127.0.0.1") -> None:
        self.app = app
        self._base_url = base_url

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=self._base_url) as client:
                return await client.request(method, path, **options)

        return anyio.run(sent)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.send("POST", path, **options)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def app(stage: Stage) -> FastAPI:
    return staged_app(stage)


@pytest.fixture
def api(app: FastAPI) -> Caller:
    return Caller(app)


def staged_app(stage: Stage, **options: Any) -> FastAPI:
    return create_app(
        stage.streams, stage.scores, stage.alerts, stage.live, metrics=METRICS, clock=stage.clock, **options
    )


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve `app` on a free port of this machine and yield its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    wait_for(lambda: server.started, what="the server to start")
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        app.state.stopping.set()
        server.should_exit = True
        thread.join(10)
        listener.close()


def wait_for(true: Callable[[], object], *, what: str, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:.0f} s for {what}")
        time.sleep(0.01)


def absent(why: str) -> None:
    """Skip on a laptop saying what to install; fail in CI, where everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
