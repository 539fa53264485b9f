"""Hostile neighbours and kills in their short form: the same promises as in the long runs, but for those of speed."""

from datetime import timedelta
from pathlib import Path

import pytest

from lab.bench.endurance import stepped_clock
from lab.bench.endurance.kills.embedded_kills import prepare_embedded_kills
from lab.bench.endurance.kills.kill_records import summary
from lab.bench.endurance.neighbours import embedded_neighbours
from lab.bench.endurance.neighbours.hostile_watch import ClockStep, WatchPlan
from simulation.cameras import served_cameras
from simulation.hostile_clients import HALF_OPEN
from tests.conftest import absent

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HARMLESS = ("slow-clock", "slow-mjpeg", "restarted-sequence", "malformed-sei", "sha256-only")
SEED = 6


@pytest.mark.rtsp
def test_hostile_cameras_strangers_and_a_clock_that_steps_cost_the_healthy_cameras_nothing() -> None:
    for reason in (served_cameras.explain_missing_server(), stepped_clock.available()):
        if reason is not None:
            absent(reason)
    course = WatchPlan(15.0, 1.0, 14.0, (ClockStep(5.0, 4.0, timedelta(days=30)),))

    found = embedded_neighbours.run(cameras=2, course=course)

    assert [each for each in found["broken"] if each not in found["of_speed"]] == []
    assert found["calls_to_another_host"] == 0
    assert found["strangers"]["half-open sockets"] >= HALF_OPEN
    assert found["page_during_storm"]["asked"] > 5
    assert found["stored_share"] > 0.5
    for name in HARMLESS:
        assert found["frames"][name]["stored"] >= 3, name


def test_run_killed_while_it_starts_while_it_runs_and_without_its_reading_process_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    with prepare_embedded_kills(tmp_path) as stage:
        kills = [stage.kill(number, SEED) for number in range(3)]
        wrong = stage.finish()
    found = summary(SEED, kills, wrong)
    assert found["broken"] == []
    assert {(str(each.victim), each.detail) for each in kills} == {
        ("run", "while it started"),
        ("run", "while it ran"),
        ("reader", "while it ran"),
    }
