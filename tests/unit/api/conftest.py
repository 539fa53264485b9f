"""The API over the fakes, called in process, and served for what needs a real connection."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute

from api.app import AccessOptions, create_app
from api.backend import OperatorServices, ProcessState
from sightline.web_server.http_server import ApiServer
from tests.unit.api.sample_cameras import METRICS, SampleCameras


class Caller:
    """Sends requests to an application in this process."""

    def __init__(self, app: FastAPI, *, base_url: str = "http://127.0.0.1", peer: str = "127.0.0.1") -> None:
        self.app = app
        self._peer = peer
        self._base_url = base_url

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(self._peer, 123))
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


def make_app(stage: SampleCameras, *, pictures: bool = True, **options: Any) -> FastAPI:
    """Return the API over these cameras; each option is a field of one of the three groups of `create_app`."""
    access, process, services = (
        {field.name: options.pop(field.name) for field in fields(group) if field.name in options}
        for group in (AccessOptions, ProcessState, OperatorServices)
    )
    assert not options
    app = create_app(
        *(stage.streams, stage.scores, stage.alerts, stage.live),
        metrics=METRICS,
        clock=stage.clock,
        pictures=pictures,
        access=AccessOptions(**access),
        process=ProcessState(**process),
        services=OperatorServices(**services),
    )
    return reuse_routes(app)


_routes: dict[tuple[int, int], BaseRoute] = {}


def reuse_routes(app: FastAPI) -> FastAPI:
    """Give the application the routers that an earlier one of this process included in the same place.

    FastAPI builds the checks of all endpoints when an application gets its first request, in 70 ms, and keeps them
    with the included router. They know nothing of what an application serves: that is in `app.state`.
    """
    for place, route in enumerate(app.router.routes):
        router = getattr(route, "original_router", None)
        if router is not None:
            app.router.routes[place] = _routes.setdefault((place, id(router)), route)
    return app


@contextmanager
def serve_app(app: FastAPI) -> Iterator[str]:
    """Serve `app` on a free port of this machine and yield its address."""
    server = ApiServer(app, "127.0.0.1", 0)
    server.start()
    try:
        yield server.address.rstrip("/")
    finally:
        server.stop(10)


def wait_for(true: Callable[[], object], *, what: str, timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:.0f} s for {what}")
        time.sleep(0.01)


def absent(reason: str) -> None:
    """Skip on a laptop saying what to install; fail in CI, where everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
