"""The F-test equals statsmodels' on synthetic data, and finds what differs and what does not."""

import numpy as np
import pytest
from scipy import special
from statsmodels.stats.diagnostic import het_goldfeldquandt

from lab.training.measures.significance import FTestOutcome, f_test
from lab.training.samples import Values


def normal(count: int, spread: float, seed: int) -> Values:
    return spread * np.random.default_rng(seed).standard_normal(count)


@pytest.mark.parametrize("spread", [1.0, 1.2, 0.8])
def test_the_ratio_and_both_chances_equal_statsmodels(spread: float) -> None:
    """Goldfeld and Quandt's test on a constant regressor is the variance-ratio test of second over first."""
    first, second = normal(120, 1.0, 1), normal(120, spread, 2)
    together, constant = np.concatenate([second, first]), np.ones((240, 1))
    found = f_test(first, second)
    for alternative, chance in (("increasing", found.p_larger), ("decreasing", found.p_smaller)):
        ratio, p, _ = het_goldfeldquandt(together, constant, split=120, alternative=alternative, result_object=False)
        assert found.statistic == pytest.approx(ratio, rel=1e-12)
        assert chance == pytest.approx(p, rel=1e-9)


def test_groups_of_unlike_size_follow_the_beta_integral() -> None:
    """P(F <= f) = I(d1 f / (d1 f + d2); d1/2, d2/2), Abramowitz and Stegun 26.6.2."""
    first, second = normal(80, 1.0, 1), normal(40, 1.2, 2)
    found = f_test(first, second)
    share = 79 * found.statistic / (79 * found.statistic + 39)
    assert found.p_smaller == pytest.approx(special.betainc(79 / 2, 39 / 2, share), rel=1e-9)
    assert found.p_smaller + found.p_larger == pytest.approx(1.0)


def test_smaller_residuals_are_better_and_equal_ones_indistinguishable() -> None:
    small, large, same = normal(300, 1.0, 1), normal(300, 1.5, 2), normal(300, 1.0, 3)
    assert f_test(small, large).outcome() is FTestOutcome.BETTER
    assert f_test(large, small).outcome() is FTestOutcome.WORSE
    assert f_test(small, same).outcome() is FTestOutcome.INDISTINGUISHABLE
