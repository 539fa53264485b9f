"""When to try again: for ever, ever more slowly, spread out, and never often enough to lock an account."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ingest.supervise.backoff import (
    LOGIN_WINDOW,
    LONGEST_BACKOFF_S,
    Attempts,
    after_failure,
    after_refusal,
    after_session,
    login_wait_s,
)

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_the_wait_doubles_up_to_twenty_seconds_and_stays_there() -> None:
    attempts, waits = Attempts(), []
    for _ in range(200):
        attempts, wait_s = after_failure(attempts, 0.5)
        waits.append(wait_s)
    assert waits[:6] == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0]
    assert set(waits[5:]) == {LONGEST_BACKOFF_S}


@pytest.mark.parametrize("away_s", [40, 200, 3600, 100_000])
@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_a_camera_that_is_back_is_asked_again_within_half_a_minute_however_long_it_was_away(
    away_s: float, chance: float
) -> None:
    attempts, now_s = Attempts(), 0.0
    while now_s < away_s:
        attempts, wait_s = after_failure(attempts, chance)
        now_s += wait_s
    assert now_s - away_s <= 30


def test_a_thousand_cameras_lost_together_do_not_come_back_together() -> None:
    chances = random.Random(7)
    times: list[float] = []
    for _ in range(1000):
        attempts, now_s = Attempts(), 0.0
        while now_s < 600:
            attempts, wait_s = after_failure(attempts, chances.random())
            now_s += wait_s
        times.append(now_s)
    asked_in_a_second = Counter(int(at) for at in times)
    assert max(asked_in_a_second.values()) < 150  # fifty on average; all thousand without chance


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 0.5), (0.999, 1.499)])
def test_the_wait_is_spread_around_its_mean(chance: float, factor: float) -> None:
    _, wait_s = after_failure(Attempts(failures=3), chance)
    assert wait_s == pytest.approx(8.0 * factor)


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_no_half_hour_ever_sees_more_than_three_refused_logins(chance: float) -> None:
    attempts, now, refused = Attempts(), NOW, []
    for _ in range(20):
        refused.append(now)
        attempts, wait_s = after_refusal(attempts, now, chance)
        now += timedelta(seconds=wait_s)
    for start in refused:
        assert sum(start <= at < start + timedelta(minutes=30) for at in refused) <= 3


def test_a_restart_does_not_forget_the_refusals() -> None:
    refused = tuple(NOW + timedelta(minutes=minute) for minute in (0, 1, 2))
    assert login_wait_s(Attempts(refused_at=refused), NOW + timedelta(minutes=3)) == 29 * 60
    assert login_wait_s(Attempts(refused_at=refused[:2]), NOW + timedelta(minutes=3)) == 0.0
    assert login_wait_s(Attempts(refused_at=refused), NOW + timedelta(minutes=33)) == 0.0


def test_a_steady_session_clears_the_past_and_a_short_one_does_not() -> None:
    failed = Attempts(failures=6)
    assert after_session(failed, 31.0) == Attempts()
    assert after_session(failed, 2.0).failures == 6


def test_refusals_of_a_clock_that_was_set_back_hold_a_login_no_longer_than_the_window() -> None:
    later = NOW + timedelta(days=30)
    refused = Attempts(refused_at=(later, later, later))

    assert login_wait_s(refused, NOW) <= LOGIN_WINDOW.total_seconds()
