"""Times that go back: a little is no news, more is a clock that was set."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from domain.clocks import clamp_backward, is_plausible, is_within, map_times
from tests.fakes.ports import START


@pytest.mark.parametrize(
    ("seconds", "expected"), [(5, 5), (0, 0), (-1, 0), (-60, 0), (-61, -61), (-30 * 86400, -30 * 86400)]
)
def test_a_little_back_is_held_and_a_clock_set_back_is_followed(seconds: float, expected: float) -> None:
    assert clamp_backward(START + timedelta(seconds=seconds), START) == START + timedelta(seconds=expected)


def test_the_first_time_is_taken_as_it_is() -> None:
    assert clamp_backward(START, None) == START


@pytest.mark.parametrize(("ago_s", "expected"), [(0, True), (1.9, True), (2, False), (-1, False), (-1e6, False)])
def test_nothing_waits_for_a_time_that_was_set_back(ago_s: float, expected: bool) -> None:
    assert is_within(START - timedelta(seconds=ago_s), START, 2) is expected
    assert is_within(None, START, 2) is False


@pytest.mark.parametrize(("year", "expected"), [(1970, False), (2024, False), (2026, True), (2100, False)])
def test_a_clock_shows_a_year_that_can_be(year: int, expected: bool) -> None:
    assert is_plausible(START.replace(year=year)) is expected


@dataclass(frozen=True, slots=True)
class Inner:
    at: datetime
    name: str = "n"


@dataclass(frozen=True, slots=True)
class Outer:
    inner: Inner
    many: tuple[Inner, ...]
    by_name: dict[str, datetime]
    nothing: datetime | None = None


def test_every_time_in_a_record_moves_and_nothing_else() -> None:
    record = Outer(Inner(START), (Inner(START, "m"),), {"a": START})
    later = START + timedelta(days=1)

    assert map_times(record, lambda at: at + timedelta(days=1)) == Outer(
        Inner(later), (Inner(later, "m"),), {"a": later}
    )
