"""Rounded figures still add up."""

import random

import pytest

from reports.usable_time.time_parts import TimeParts, add_parts, round_to_sum


@pytest.mark.parametrize("seed", range(20))
def test_rounded_amounts_add_up_and_none_is_off_by_a_unit(seed: int) -> None:
    chance = random.Random(seed)
    amounts = {f"part {number}": chance.randrange(10_000_000) for number in range(chance.randrange(1, 12))}
    found = round_to_sum(amounts, unit=1_000_000)
    assert sum(found.values()) == sum(amounts.values()) // 1_000_000
    assert all(abs(found[key] - amount / 1_000_000) < 1 for key, amount in amounts.items())


def test_percentages_add_up_to_a_hundred_whatever_the_parts() -> None:
    parts = TimeParts(ok=1, faults={"blur": 1}, unknown={"not_running": 1}, maintenance=5, unwatched=7)
    assert sorted(parts.percentages().values()) == [33.333, 33.333, 33.334]
    assert parts.usable == pytest.approx(1 / 3)
    assert parts.whole == 15


def test_nothing_counted_gives_no_percentage_rather_than_zero() -> None:
    parts = TimeParts(maintenance=9)
    assert (parts.usable, parts.percentages()) == (None, {})


def test_parts_of_several_cameras_are_added_by_cause() -> None:
    one = TimeParts(ok=5, faults={"blur": 1}, not_assessable={"unlit": 2})
    other = TimeParts(ok=6, learning=6, faults={"blur": 2, "noise": 3}, maintenance=4)
    assert add_parts([one, other]) == TimeParts(
        ok=11, learning=6, faults={"blur": 3, "noise": 3}, not_assessable={"unlit": 2}, maintenance=4
    )
