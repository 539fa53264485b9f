import gc
import threading

import pytest

from sightline.runtime.system import STOP_ALL_S, STOP_TIMEOUT_S, System, exclude_start_from_gc
from tests.fakes.live_state import FakeLiveState
from tests.fakes.ports import FakeAlertStore, FakeScoreStore, FakeStreamStore


class FakeComponent:
    def __init__(self, name: str, log: list[str], *, fails: bool = False) -> None:
        self.name = name
        self._log = log
        self._fails = fails

    def start(self) -> None:
        if self._fails:
            raise OSError("port taken")
        self._log.append(f"start {self.name}")

    def stop(self, timeout_s: float) -> None:
        self._log.append(f"stop {self.name}")

    def health(self) -> str:
        return "slow" if self.name == "b" else ""


def system(log: list[str], *parts: FakeComponent) -> System:
    return System(
        components=parts,
        stream_store=FakeStreamStore(),
        score_store=FakeScoreStore(),
        alert_store=FakeAlertStore(),
        live=FakeLiveState(),
        address=lambda: "http://here/",
        close=lambda: log.append("close"),
    )


def test_parts_start_in_order_and_stop_in_reverse() -> None:
    log: list[str] = []
    stop = threading.Event()
    stop.set()

    system(log, FakeComponent("a", log), FakeComponent("b", log)).run(stop)

    assert log == ["start a", "start b", "stop b", "stop a", "close"]


def test_when_one_part_cannot_start_the_others_are_stopped_and_it_is_reported() -> None:
    log: list[str] = []

    with pytest.raises(OSError, match="port taken"):
        system(log, FakeComponent("a", log), FakeComponent("b", log, fails=True)).start()

    assert log == ["start a", "stop a", "close"]


def test_all_parts_together_keep_to_the_time_that_a_service_manager_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    given: list[float] = []

    class SlowComponent(FakeComponent):
        def stop(self, timeout_s: float) -> None:
            given.append(timeout_s)
            now[0] += timeout_s

    monkeypatch.setattr("sightline.runtime.system.time.monotonic", lambda: now[0])
    watched = system([], *(SlowComponent(name, []) for name in "abcde"))
    watched.start()

    watched.stop()

    assert given == [STOP_TIMEOUT_S, STOP_TIMEOUT_S, STOP_ALL_S - 2 * STOP_TIMEOUT_S, 0.0, 0.0]


def test_health_names_every_part() -> None:
    assert system([], FakeComponent("a", []), FakeComponent("b", [])).health() == {"a": "", "b": "slow"}


def test_what_the_start_made_is_not_searched_for_garbage_while_it_runs_and_is_again_after() -> None:
    before = gc.get_freeze_count()
    with exclude_start_from_gc():
        assert gc.get_freeze_count() > before
    assert gc.get_freeze_count() == 0
