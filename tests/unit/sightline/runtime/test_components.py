import logging
import threading
import time
from collections.abc import Callable

import pytest

from sightline.runtime import components
from sightline.runtime.components import PeriodicThread, RestartingThread


def eventually(condition: Callable[[], bool], timeout_s: float = 5.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "MIN_RESTART_S", 0.01)


def test_a_worker_that_fails_is_logged_reported_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []

    def work(stop: threading.Event) -> None:
        runs.append(1)
        if len(runs) < 3:
            raise RuntimeError("broken pipe")
        stop.wait()

    worker = RestartingThread("scoring", work)
    with caplog.at_level(logging.ERROR):
        worker.start()
        assert eventually(lambda: len(runs) == 3)
    assert worker.health() == "failed (RuntimeError)"
    assert "scoring failed" in caplog.text
    worker.stop(5)


def test_a_worker_that_ends_unasked_is_not_well() -> None:
    worker = RestartingThread("scoring", lambda stop: None)
    worker.start()

    assert eventually(lambda: worker.health() == "ended")


def test_a_worker_tells_its_works_own_state() -> None:
    def work(stop: threading.Event) -> None:
        stop.wait()

    worker = RestartingThread("scoring", work, health=lambda: "the store is unavailable")
    worker.start()

    assert worker.health() == "the store is unavailable"
    worker.stop(5)


def test_a_timer_goes_on_after_a_failure_and_is_well_again() -> None:
    calls: list[int] = []
    states: list[str] = []

    def action() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("no route")

    timer = PeriodicThread("heartbeat", 0.01, action)
    timer.start()

    def told() -> bool:
        states.append(timer.health())
        return "last run failed (OSError)" in states

    assert eventually(told)
    assert eventually(lambda: len(calls) > 1 and timer.health() == "")
    timer.stop(5)


def test_stopping_what_never_started_is_harmless() -> None:
    ran: list[str] = []
    worker, timer = (
        RestartingThread("x", lambda stop: ran.append("work")),
        PeriodicThread("y", 0.01, lambda: ran.append("action")),
    )
    worker.stop(1)
    timer.stop(1)
    assert (worker.health(), timer.health(), ran) == ("", "", [])
