"""Which frames are dropped when scoring is too far behind; every number worked by hand."""

from datetime import timedelta

from domain.messages import StreamMessage
from tests.fakes.ports import START
from tests.unit.workers.builders import frame, status
from workers.load_shedding import LagLimits, SheddingPlan, lag_s, plan_shedding

BOUNDS = LagLimits(max_lag_s=60, resume_lag_s=15)
NOW = START + timedelta(seconds=100)


def aged(*ages_s: float) -> list[StreamMessage]:
    return [frame(sequence=place, at=NOW - timedelta(seconds=age)) for place, age in enumerate(ages_s)]


def decided(messages: list[StreamMessage], *, shedding: bool = False, waiting: int = 9) -> SheddingPlan:
    return plan_shedding(messages, NOW, waiting=waiting, shedding=shedding, bounds=BOUNDS)


def test_up_to_the_bound_nothing_is_dropped() -> None:
    assert decided(aged(60, 59, 1)) == SheddingPlan()


def test_beyond_it_the_oldest_go_until_the_lower_bound() -> None:
    assert decided(aged(61, 40, 16, 15, 2)) == SheddingPlan(True, frozenset({0, 1, 2}))


def test_once_begun_it_goes_on_below_the_upper_bound() -> None:
    assert decided(aged(30, 20, 10), shedding=True) == SheddingPlan(True, frozenset({0, 1}))


def test_it_ends_when_none_is_older_than_the_lower_bound() -> None:
    assert decided(aged(15, 3), shedding=True) == SheddingPlan()


def test_a_status_is_never_dropped_however_old() -> None:
    old = status(after_s=-500)
    assert decided([old, *aged(61)]).dropped == frozenset({1})
    assert decided([old], shedding=True) == SheddingPlan(True)


def test_where_nothing_waits_the_old_is_the_newest_there_is() -> None:
    assert decided(aged(3600), waiting=0, shedding=True) == SheddingPlan()


def test_without_bounds_nothing_is_dropped() -> None:
    assert plan_shedding(aged(3600), NOW, waiting=9, shedding=False, bounds=None) == SheddingPlan()


def test_lag_is_the_age_of_the_oldest_and_never_negative() -> None:
    assert lag_s([*aged(3, 7.5), status(after_s=98)], NOW) == 7.5
    assert lag_s(aged(-5), NOW) == 0.0
    assert lag_s([], NOW) == 0.0
