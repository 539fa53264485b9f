"""A slow decline is named, noise, seasons and steps are not; the tests agree with independent ones."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.faults import Fault
from domain.verdict_time import MetricSeries
from reports.measures.decline import WATCHES, Decline, daily_values, name_declines, noon_hours, trend

FOCUS = WATCHES[0]
DAYS = np.arange(90)


def noise(seed: int, *, of: float = 0.01, kept: float = 0.0) -> NDArray[np.float64]:
    """Return daily noise of which each day keeps a share of the day before, as weather does."""
    drawn = np.random.default_rng(seed).normal(0, of, len(DAYS))
    for day in range(1, len(drawn)):
        drawn[day] += kept * drawn[day - 1]
    return drawn


def trends(series: list[NDArray[np.float64]]) -> list[Decline]:
    found = [trend(f"camera {number}", FOCUS, DAYS, values) for number, values in enumerate(series)]
    return [each for each in found if each is not None]


def test_a_steady_loss_of_focus_among_steady_cameras_is_named_with_its_slope() -> None:
    healthy = [0.5 + noise(seed) for seed in range(40)]
    named = name_declines(trends([*healthy, 0.5 - 0.001 * DAYS + noise(99)]), {})
    assert [each.camera for each in named] == ["camera 40"]
    (found,) = named
    assert found.slope_low <= -0.03 <= found.slope_high
    assert found.slope == pytest.approx(-0.03, abs=0.003)
    assert found.change == pytest.approx(-0.18, abs=0.02)
    assert found.q < 0.001


@pytest.mark.parametrize("kept", [0.0, 0.6])
def test_noise_that_remembers_is_hardly_ever_taken_for_a_decline(kept: float) -> None:
    named = [each for seed in range(8) for each in name_declines(trends(
        [0.5 + noise(100 * seed + number, of=0.03, kept=kept) for number in range(50)]
    ), {})]  # fmt: skip
    assert len(named) <= 2


def test_a_step_at_any_place_explains_more_than_a_slope_as_a_recount_of_both_levels_says() -> None:
    for seed in range(20):
        chance = np.random.default_rng(seed)
        at = int(chance.integers(5, 85))
        values = np.where(at > DAYS, 0.5, 0.5 - float(chance.uniform(0.02, 0.3))) + noise(seed)
        (found,) = trends([values])
        line = np.abs(values - np.interp(DAYS, [0, 89], [found.began, found.ended])).sum()
        levels = [np.abs(part - np.median(part)).sum() for part in (values[:at], values[at:])]
        assert found.p == 1.0 or sum(levels) >= 0.9 * line or found.p > 0.05


def test_an_improvement_is_no_decline() -> None:
    assert name_declines(trends([0.4 + 0.002 * DAYS + noise(1)]), {}) == []


def test_a_single_step_is_no_slow_decline() -> None:
    moved = np.where(DAYS < 40, 0.5, 0.35) + noise(3)
    assert name_declines(trends([moved]), {}) == []


def test_a_change_nobody_could_see_is_not_named_however_sure() -> None:
    assert name_declines(trends([0.5 - 0.0002 * DAYS + noise(5, of=0.001)]), {}) == []


def test_what_is_already_reported_as_a_fault_is_no_slow_decline_any_more() -> None:
    steady = trends([0.5 - 0.002 * DAYS + noise(7)])
    assert len(name_declines(steady, {})) == 1
    assert name_declines(steady, {("camera 0", Fault.BLUR): 0.2}) == []


def test_too_few_days_say_nothing() -> None:
    assert trend("gate", FOCUS, DAYS[:20], np.linspace(0.5, 0.3, 20)) is None
    assert trend("gate", FOCUS, DAYS, np.full(90, 0.5)) is None


def test_daily_values_are_those_around_local_noon() -> None:
    zone = ZoneInfo("America/Chicago")
    hours = np.arange(48)
    began = datetime(2026, 7, 1, 5, tzinfo=UTC).timestamp()
    at = (began + 3600 * hours).astype(np.int64)
    local = np.array([datetime.fromtimestamp(each, zone).hour for each in at])
    series = MetricSeries("gate", at, np.where((local >= 10) & (local < 16), 1.0, 0.0))
    days, values = daily_values(series, zone)
    assert list(values) == [1.0, 1.0]
    assert list(np.diff(days)) == [1]


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Chicago", "Africa/Casablanca", "Asia/Kathmandu", "UTC"])
def test_every_hour_around_noon_is_asked_for_across_changes_of_the_clock(name: str) -> None:
    zone = ZoneInfo(name)
    for month in (1, 3, 5, 10):
        since = datetime(2026, month, 5, tzinfo=UTC)
        until = since + timedelta(days=92)
        asked = noon_hours(since, until, zone)
        at = np.arange(since.timestamp(), until.timestamp(), 3600).astype(np.int64)
        series = MetricSeries("gate", at, np.linspace(0, 1, len(at)))
        kept = np.isin(at % 86_400 // 3600, sorted(asked))
        some = daily_values(MetricSeries("gate", at[kept], series.mean[kept]), zone)
        assert [list(each) for each in some] == [list(each) for each in daily_values(series, zone)]
        assert 6 <= len(asked) <= 7
