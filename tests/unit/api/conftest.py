"""The API over the fakes, called in process, and served for what needs a real connection."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from sightline.web_server.http_server import ApiServer
from tests.unit.api.sample_cameras import METRICS, SampleCameras


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
def stage() -> SampleCameras:
    return SampleCameras()


@pytest.fixture
def app(stage: SampleCameras) -> FastAPI:
    return make_app(stage)


@pytest.fixture
def api(app: FastAPI) -> Caller:
    return Caller(app)


def make_app(stage: SampleCameras, **options: Any) -> FastAPI:
    return create_app(
        stage.streams, stage.scores, stage.alerts, stage.live, metrics=METRICS, clock=stage.clock, **options
    )


@contextmanager
def serve_app(app: FastAPI) -> Iterator[str]:
    """Serve `app` on a free port of this machine and yield its address."""
    server = ApiServer(app, "127.0.0.1", 0)
    server.start()
    try:
        yield server.address.rstrip("/")
    finally:
        server.stop(10)


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
