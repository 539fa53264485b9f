"""What tests of several packages share: the real RTSP server and the evaluation data.

An absent service skips on a laptop, saying how to get it, and fails in CI, where nothing may be skipped unseen.
"""

import gc
import logging
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from api.security import passwords
from simulation.cameras.served_cameras import RtspServer, ServedCamera, explain_missing_server

pytest_plugins = ["tests.canary", "tests.service_fixtures", "tests.scheduling", "tests.migrated_once"]

Serve = Callable[..., RtspServer]

os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch's threads spin: two on two busy cores are slower than one
os.environ.setdefault(
    "JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
)  # a broker starts in half the time

passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The product's take 70 ms of CPU and more: `tests/unit/api/security/test_password_costs.py`."""

for _number in (signal.SIGINT, signal.SIGHUP):
    # A shell's background job and `nohup` ignore them, every process of a test would inherit it, and none could be
    # asked to end.
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep modules and the thousands of collected tests out of the search for cyclic garbage: they stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


SERVICE_FIXTURES = frozenset({"broker", "kafka_broker", "postgres_url", "redis_server"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for a server, so that `make test-unit` can leave it to `make test`."""
    for item in items:
        if not SERVICE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("service")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Give the next test the logging it expects: commands set the root logger's level and handlers."""
    root = logging.getLogger()
    level, handlers, uncaught = root.level, list(root.handlers), threading.excepthook
    yield
    threading.excepthook = uncaught
    root.setLevel(level)
    root.handlers[:] = handlers


def absent(reason: str) -> None:
    """Skip the test that needs what is not there; in CI, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def _rtsp() -> str | None:
    return explain_missing_server()


@pytest.fixture
def serve(_rtsp: str | None) -> Iterator[Serve]:
    """Start a real RTSP server: `server = serve(ServedCamera(…), tls=…)`; it ends with the test."""
    if _rtsp is not None:
        absent(_rtsp)
    with ExitStack() as stack:

        def started(*cameras: ServedCamera, **options: Any) -> RtspServer:
            return stack.enter_context(RtspServer(cameras, **options))

        yield started


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of evaluation clips; none of them is part of the repository."""
    folder = os.environ.get("SIGHTLINE_DATA", "")
    if not folder:
        pytest.skip("set SIGHTLINE_DATA to the folder of evaluation clips")
    return Path(folder)
