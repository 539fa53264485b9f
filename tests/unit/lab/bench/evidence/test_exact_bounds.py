"""Bounds are those of published tables."""

import pytest

from lab.bench.evidence.exact_bounds import bound_rate, bound_share


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 2.9957), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (10, 4.7954, 18.3904)]
)
def test_poisson_limits_are_garwoods(count: int, low: float, high: float) -> None:
    """For a count above 0 two-sided (Pearson and Hartley's table 40), for 0 the one-sided limit -ln .05."""
    found = bound_rate(count, 2.0)
    assert found is not None
    assert (found.estimate, found.low, found.high) == pytest.approx((count / 2, low / 2, high / 2), abs=1e-4)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(0, 10, 0.0, 0.3085), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1.0)]
)
def test_limits_of_a_share_are_clopper_and_pearsons(count: int, of: int, low: float, high: float) -> None:
    found = bound_share(count, of)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_nothing_watched_bounds_nothing() -> None:
    assert bound_rate(0, 0.0) is None
    assert bound_share(0, 0) is None
