"""What tests of several packages share: the real RTSP server and the evaluation data.

An absent service skips on a laptop, saying how to get it, and fails in CI, where nothing may be skipped unseen.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from simulation.cameras.served_cameras import RtspServer, ServedCamera, explain_missing_server

pytest_plugins = ["tests.canary", "tests.service_fixtures"]

Serve = Callable[..., RtspServer]

os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch's threads spin: two on two busy cores are slower than one
os.environ.setdefault(
    "JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
)  # a broker starts in half the time


for _number in (signal.SIGINT, signal.SIGHUP):
    # A shell's background job and `nohup` ignore them, every process of a test would inherit it, and none could be
    # asked to end.
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

WAITING = ("end_to_end", "faults", "contract")
"""Folders whose tests wait for services, deadlines and films in real time, the longest first; the others compute."""
COMPUTING = ("lab", "detectors", "page", "simulation")
"""Folders of unit tests that compute longest."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest files first and alternate files that wait with files that compute: side by side, they fit.

    `make test` hands files out in this order (`--no-loadscope-reorder`).
    """
    waiting: dict[Path, list[pytest.Item]] = {}
    computing: dict[Path, list[pytest.Item]] = {}
    for item in items:
        parts = item.path.relative_to(Path(__file__).parent).parts
        files = waiting if parts[0] in WAITING else computing
        files.setdefault(item.path, []).append(item)
    pairs = zip_longest(_longest_first(waiting, WAITING), _longest_first(computing, COMPUTING))
    items[:] = [item for pair in pairs for file in pair if file for item in file]


def _longest_first(files: dict[Path, list[pytest.Item]], folders: Sequence[str]) -> list[list[pytest.Item]]:
    ranks = {folder: rank for rank, folder in enumerate(folders)}
    own = len(Path(__file__).parent.parts)

    def rank(path: Path) -> int:
        parts = path.parts[own:-1]
        return min((ranks[part] for part in parts if part in ranks), default=len(ranks))

    return [files[path] for path in sorted(files, key=rank)]


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
