"""Slopes, their intervals, tests and false discovery rates are those of scipy."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from reports.measures.robust_trend import control_false_discoveries, mann_kendall_p, theil_sen


def draw_values(seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return values on days of which some are missing; every third series has ties, some have a trend."""
    chance = np.random.default_rng(seed)
    days = np.sort(chance.choice(200, int(chance.integers(3, 100)), replace=False)).astype(np.int64)
    values = chance.normal(0, 1, len(days)) + chance.choice([0.0, 0.05]) * days
    return days, np.round(values, 1) if seed % 3 == 0 else values


@pytest.mark.parametrize("seed", range(24))
def test_the_slope_and_its_interval_are_scipys(seed: int) -> None:
    days, values = draw_values(seed)
    found, right = theil_sen(days, values), stats.theilslopes(values, days, 0.95)
    assert (found.slope, found.intercept) == pytest.approx((right.slope, right.intercept), abs=1e-12)
    assert (found.low, found.high) == pytest.approx((right.low_slope, right.high_slope), abs=1e-12)


def test_equal_values_have_no_slope_and_two_have_theirs() -> None:
    flat = theil_sen(np.arange(30), np.full(30, 2.0))
    assert (flat.slope, flat.intercept, flat.low, flat.high) == (0.0, 2.0, 0.0, 0.0)
    assert theil_sen(np.array([0, 2]), np.array([1.0, 2.0])).slope == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_without_autocorrelation_the_test_agrees_with_kendalls_tau(seed: int) -> None:
    values = np.random.default_rng(seed).normal(0, 1, 60)
    tau = stats.kendalltau(np.arange(60), values, method="asymptotic").pvalue
    assert mann_kendall_p(values, 0.0) >= 0.9 * tau


def test_what_remembers_is_less_sure_than_what_does_not() -> None:
    chance = np.random.default_rng(4)
    drawn = chance.normal(0, 1, 90)
    for day in range(1, 90):
        drawn[day] += 0.8 * drawn[day - 1]
    shuffled = np.sort(drawn)
    tau = stats.kendalltau(np.arange(90), drawn, method="asymptotic").pvalue
    assert mann_kendall_p(drawn, 0.0) > tau
    assert mann_kendall_p(shuffled, float(np.polyfit(np.arange(90), shuffled, 1)[0])) < 1e-6


@pytest.mark.parametrize("count", [1, 2, 50, 999])
def test_false_discoveries_are_controlled_as_scipy_does(count: int) -> None:
    p = np.random.default_rng(count).uniform(0, 1, count) ** 3
    p[: count // 3] = p[0]
    assert control_false_discoveries(p) == pytest.approx(stats.false_discovery_control(p), abs=1e-15)
