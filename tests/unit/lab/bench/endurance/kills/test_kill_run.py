"""A run of kills that is broken off says what it measured until then, and how to go on."""

from collections.abc import Callable

import pytest

from domain.errors import SightlineError
from lab.bench.endurance.kills.kill_records import Kill, Victim
from lab.bench.endurance.kills.kill_run import kill_in_turn


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (SystemExit(143), "interrupted"),
        (SightlineError("the database that is measured did not answer for 120 s"), "the database that is measured"),
    ],
)
def test_what_breaks_a_run_off_keeps_the_kills_so_far(error: BaseException, why: str) -> None:
    kept: list[Kill] = []
    (told,) = kill_in_turn([(number, Victim.RUN) for number in range(5)], _fail_at(2, error), kept.append)
    assert [each.number for each in kept] == [0, 1]
    assert told.startswith(f"broken off after 2 of 5 kills: {why}")
    assert told.endswith("the same --record and --seed go on from there")


def _fail_at(last: int, error: BaseException) -> Callable[[int, Victim], Kill]:
    def kill(number: int, victim: Victim) -> Kill:
        if number == last:
            raise error
        return Kill(number, victim, "while it ran", 1.0, 0, 0)

    return kill
