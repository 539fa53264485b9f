"""The demo's own decisions: when cameras are cut, what was due, when it may end."""

import io
import threading
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.faults import Fault
from evaluation.policy import Policy
from sightline.demo import demo_run
from sightline.demo.demo_run import DemoRun
from sightline.demo.outcomes import RecordingNotifier
from simulation.demo_schedule import ScheduledCamera
from tests.fakes.ports import START, FakeClock

BLURRED = ScheduledCamera("workshop", "works", "switch-3", Fault.BLUR, 25.0)
LOST = ScheduledCamera("park", "north", "switch-1", Fault.SIGNAL_LOSS, 22.0, 35.0)
WELL = ScheduledCamera("gate", "north", "switch-1")


class NoStage:
    """A stage that notes what is done to its cameras."""

    description = "nowhere"

    def __init__(self) -> None:
        self.done: list[str] = []

    def url(self, name: str) -> str:
        return name

    def pull(self, name: str) -> None:
        self.done.append(f"pull {name}")

    def restore(self, name: str) -> None:
        self.done.append(f"restore {name}")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def play(clock: FakeClock) -> DemoRun:
    system: Any = None  # nothing here asks the system
    return DemoRun((BLURRED, WELL), NoStage(), system, RecordingNotifier(clock), clock, START, Policy.short(4))


def tell(play: DemoRun, part: ScheduledCamera, after_s: float) -> None:
    at = START + timedelta(seconds=after_s)
    assert part.fault is not None
    incident = Incident(part.camera, part.camera, part.fault, IncidentState.OPEN, at, at)
    play.ledger.send(OutboxEntry(f"{part.camera}-{after_s}", NotificationKind.FIRING, incident, at))


def test_a_lost_camera_is_cut_and_brought_back_in_every_cycle() -> None:
    stage = NoStage()
    cues = list(islice(demo_run._signal_changes([WELL, LOST, BLURRED], 90.0), 4))
    for cue in cues:
        cue.act(stage)
    assert [cue.at_s for cue in cues] == [22.0, 35.0, 112.0, 125.0]
    assert stage.done == ["pull park", "restore park"] * 2


def test_without_a_lost_camera_there_is_nothing_to_cut() -> None:
    assert list(demo_run._signal_changes([WELL, BLURRED], 90.0)) == []


def test_a_fault_not_planted_yet_is_not_asked_for(play: DemoRun) -> None:
    early = {result.planted.camera: result for result in play.results(until_s=24)}
    later = {result.planted.camera: result for result in play.results(until_s=60)}
    assert early["workshop"].wrong == ""
    assert "no alert" in later["workshop"].wrong


def test_what_happens_in_a_later_cycle_does_not_count(play: DemoRun, clock: FakeClock) -> None:
    for after_s in (33, 123):
        clock.advance(after_s)
        tell(play, BLURRED, after_s)
    [result, _] = play.results(until_s=90)
    assert (result.alerts, result.wrong) == (1, "")
    assert play.results(until_s=200)[0].alerts == 2


def test_a_demo_ends_on_time_once_all_is_reported_and_waits_a_little_for_a_busy_machine(
    play: DemoRun, clock: FakeClock
) -> None:
    clock.advance(59)
    assert not demo_run._is_over(play, 60)
    clock.advance(2)
    assert not demo_run._is_over(play, 60), "the planted fault is not told yet"
    tell(play, BLURRED, 58)
    assert demo_run._is_over(play, 60)


def test_a_demo_does_not_wait_for_ever(play: DemoRun, clock: FakeClock) -> None:
    clock.advance(60 + demo_run.GRACE_S)
    assert demo_run._is_over(play, 60)


def test_where_home_cannot_be_written_films_go_to_the_passing_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setattr(demo_run, "FILM_CACHE", blocked / "films")
    assert demo_run._cache_folder(tmp_path) == tmp_path / "films"


def test_filming_ends_within_a_second_of_film_once_the_demo_is_to_end(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(KeyboardInterrupt):
        demo_run._make_films((WELL, BLURRED), demo_run.MIN_DURATION_S, Console(file=io.StringIO()), tmp_path, stop)
    assert list(tmp_path.rglob("*.mp4")) == []
