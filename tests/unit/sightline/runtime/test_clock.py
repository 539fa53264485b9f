"""The one clock of a process: what the wall clock does, and what the parts then see."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from sightline.runtime.clock import CREEP_S, HOLD_S, SETTLE_S, STEP_S, SteadyClock
from tests.fakes.ports import START

DAY_S = 86400.0


class FakeMachine:
    """A machine whose wall clock may be set while its time since the start goes on."""

    def __init__(self, start: datetime = START) -> None:
        self.wall, self.up_s = start, 1000.0
        self.clock = SteadyClock(self, elapsed=lambda: self.up_s)

    def now(self) -> datetime:
        return self.wall

    def sleep(self, seconds: float) -> None:
        self.run(seconds)

    def run(self, seconds: float, *, every_s: float = 1.0, slew: float = 0.0) -> list[datetime]:
        seen = []
        for _ in range(round(seconds / every_s)):
            self.up_s += every_s
            self.wall += timedelta(seconds=every_s * (1 + slew))
            seen.append(self.clock.now())
        return seen

    def set(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)


def rises(seen: list[datetime]) -> bool:
    return all(before <= after for before, after in pairwise(seen))


@pytest.mark.parametrize("days", [30, -30, 400, 1 / 24, -1 / 24])
def test_a_step_that_is_taken_back_was_never_seen(days: float) -> None:
    machine = FakeMachine()
    machine.run(100)

    machine.set(days * DAY_S)
    during = machine.run(40)
    reason = machine.clock.doubt_reason()
    machine.set(-days * DAY_S)
    after = machine.run(100)

    assert [*during, *after] == [START + timedelta(seconds=101 + n) for n in range(140)]
    assert ("forward" if days > 0 else "back") in reason
    assert machine.clock.doubt_reason() == ""
    assert machine.clock.total_correction == timedelta(0)
    assert machine.clock.steps >= 1


@pytest.mark.parametrize("days", [30, -30])
def test_a_new_time_that_holds_is_taken_over_and_nothing_is_deleted_by_it_for_an_hour(days: int) -> None:
    machine = FakeMachine()
    machine.run(3600)
    assert machine.clock.deletion_blocked_reason() == ""

    machine.set(days * DAY_S)
    machine.run(HOLD_S + 2)

    assert machine.clock.now() == machine.wall
    assert machine.clock.doubt_reason() == ""
    assert machine.clock.total_correction == timedelta(days=days)
    assert "hold" in machine.clock.deletion_blocked_reason()
    machine.run(SETTLE_S)
    assert machine.clock.deletion_blocked_reason() == ""


def test_a_clock_that_is_set_again_and_again_is_never_believed() -> None:
    machine = FakeMachine()

    for number in range(60):
        machine.set(DAY_S * (1 if number % 2 else -1) * number)
        machine.run(30)

    assert machine.clock.now() == START + timedelta(seconds=1800)


@pytest.mark.parametrize("seconds", [1.5, -1.5, 30, -30, CREEP_S, -CREEP_S])
def test_a_small_step_is_made_up_for_without_going_back(seconds: float) -> None:
    machine = FakeMachine()
    machine.run(10)

    machine.set(seconds)
    seen = machine.run(HOLD_S + 4 * CREEP_S, every_s=0.5)

    assert rises(seen)
    assert abs(seen[-1] - machine.wall) < timedelta(milliseconds=1)
    assert machine.clock.total_correction == timedelta(0)


@pytest.mark.parametrize("slew", [5e-4, -5e-4])
def test_a_slewed_clock_is_followed(slew: float) -> None:
    machine = FakeMachine()

    seen = machine.run(4 * 3600, slew=slew)

    assert rises(seen)
    assert abs(seen[-1] - machine.wall) < timedelta(milliseconds=1)
    assert machine.clock.steps == 0


def test_a_machine_that_slept_has_no_step() -> None:
    machine = FakeMachine()
    machine.run(10)

    machine.up_s += 8 * 3600
    machine.set(8 * 3600)

    assert machine.clock.now() == machine.wall
    assert machine.clock.steps == 0


def test_a_machine_without_a_battery_is_put_right_at_once() -> None:
    machine = FakeMachine(datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC))
    machine.run(20)
    assert "1970" in machine.clock.doubt_reason()
    assert machine.clock.deletion_blocked_reason() != ""

    machine.wall = START
    machine.run(1)

    assert machine.clock.now() == machine.wall
    assert machine.clock.doubt_reason() == ""


@pytest.mark.parametrize("year", [1970, 2024, 2100, 9998])
def test_a_time_that_cannot_be_is_never_taken_over(year: int) -> None:
    machine = FakeMachine()
    machine.run(10)

    machine.wall = datetime(year, 1, 1, tzinfo=UTC)
    machine.run(3 * HOLD_S, every_s=5)

    assert machine.clock.now() == START + timedelta(seconds=10 + 3 * HOLD_S)
    assert "never" in machine.clock.doubt_reason()


@pytest.mark.parametrize("seed", range(200))
def test_time_goes_back_only_where_a_large_step_was_taken_over(seed: int) -> None:
    chance = random.Random(seed)
    machine = FakeMachine()
    before, moved = machine.clock.now(), timedelta(0)

    for _ in range(chance.randrange(12)):
        machine.set(chance.choice([chance.uniform(-4e6, 4e6), chance.uniform(-70, 70), chance.uniform(-3, 3)]))
        lasts_s = chance.uniform(0.1, 900)
        for _ in range(7):
            (now,) = machine.run(lasts_s / 7, every_s=lasts_s / 7)
            if machine.clock.total_correction == moved:
                assert now >= before
            before, moved = now, machine.clock.total_correction

    machine.run(3 * HOLD_S, every_s=10)
    machine.run(1000, every_s=10)
    assert abs((machine.clock.now() - machine.wall).total_seconds()) <= STEP_S
