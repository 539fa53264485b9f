"""Which process runs which test file, and when: the longest first, those that wait beside those that compute.

`tests/durations.json` holds about what each file takes: seconds of CPU (of all its processes) and seconds in which it
waits, for deadlines, services, or a film in real time. On an idle machine `SIGHTLINE_WRITE_DURATIONS=1 make test`
measures them. They decide the order alone, so rough ones do.

Half of the processes take files that compute first, the others those that wait; whoever finds none of its own kind
left takes one of the other. The half that computes is nicer to the system's scheduler, so that tests in real time get
a core when they need one, and computing fills what they leave.
"""

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
DURATIONS = Path(__file__).with_name("durations.json")
WRITE = "SIGHTLINE_WRITE_DURATIONS"
WAITING_FOLDERS = ("tests/end_to_end/", "tests/faults/", "tests/contract/")
"""Where a file that is not measured yet is taken for one that waits."""
SHORTEST_S = 0.5
"""Files that take less are not written down."""
NICENESS = 5


class Duration(NamedTuple):
    """What one test file takes."""

    cpu_s: float
    waiting_s: float

    @property
    def total_s(self) -> float:
        return self.cpu_s + self.waiting_s


def load_durations(path: Path = DURATIONS) -> dict[str, Duration]:
    return {file: Duration(*seconds) for file, seconds in json.loads(path.read_text(encoding="utf-8")).items()}


def duration_of(file: str, durations: Mapping[str, Duration]) -> Duration:
    """Return what a file takes; one that is not measured is taken for a short one of its folder's kind."""
    unknown = Duration(1.0, 4.0) if file.startswith(WAITING_FOLDERS) else Duration(0.5, 0.0)
    return durations.get(file, unknown)


def is_waiting(file: str, durations: Mapping[str, Duration]) -> bool:
    duration = duration_of(file, durations)
    return duration.waiting_s > duration.cpu_s / 2


def computes_first(worker: str, workers: int) -> bool:
    """Say whether `worker` ("gw0", "gw1", …) belongs to the half that prefers files that compute."""
    return int(worker.removeprefix("gw")) < workers // 2


def choose_file(files: Iterator[str], durations: Mapping[str, Duration], *, computing: bool) -> str:
    """Return the longest of the wanted kind, else the longest."""

    def rank(file: str) -> tuple[bool, float]:
        return is_waiting(file, durations) != computing, duration_of(file, durations).total_s

    return max(files, key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - tests run without it, too

    durations = load_durations()

    class LongestFirst(LoadFileScheduling):  # type: ignore[misc]
        def _assign_work_unit(self, node: Any) -> None:
            computing = computes_first(node.gateway.id, self.numnodes)
            self.workqueue.move_to_end(choose_file(iter(self.workqueue), durations, computing=computing), last=False)
            super()._assign_work_unit(node)

    return LongestFirst(config, log)


def pytest_sessionstart(session: pytest.Session) -> None:
    worker = getattr(session.config, "workerinput", None)
    if worker is not None and computes_first(worker["workerid"], worker["workercount"]):
        os.nice(NICENESS)


_measured: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    began_s, cpu_s = time.monotonic(), _cpu_s()
    yield
    measured = _measured[item.nodeid.partition("::")[0]]
    measured[0] += _cpu_s() - cpu_s
    measured[1] += time.monotonic() - began_s


def _cpu_s() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    return sum(os.times()[:4])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _measured.update(getattr(node, "workeroutput", {}).get("durations", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["durations"] = dict(_measured)
    elif os.environ.get(WRITE):
        seconds = {
            file: [round(cpu_s, 1), round(max(0.0, wall_s - cpu_s), 1)]
            for file, (cpu_s, wall_s) in sorted(_measured.items())
            if wall_s >= SHORTEST_S
        }
        lines = ",\n".join(f"  {json.dumps(file)}: {json.dumps(each)}" for file, each in seconds.items())
        DURATIONS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
