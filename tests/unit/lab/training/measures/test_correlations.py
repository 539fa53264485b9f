"""The measures equal scipy's, ties and all."""

import numpy as np
import pytest
from scipy import stats

from lab.training.measures.correlations import bootstrap_interval, krcc, mae, plcc, rmse, srocc
from lab.training.measures.logistic_fit import LogisticForm, fit_logistic, logistic
from lab.training.samples import Values


@pytest.fixture(params=[0, 1, 2])
def pair(request: pytest.FixtureRequest) -> tuple[Values, Values]:
    """Predictions and labels with noise; the last with many ties."""
    generator = np.random.default_rng(request.param)
    labels = generator.random(300)
    predicted = labels + 0.3 * generator.standard_normal(300)
    return (predicted.round(1), labels.round(1)) if request.param == 2 else (predicted, labels)


def test_correlations_equal_scipys(pair: tuple[Values, Values]) -> None:
    predicted, labels = pair
    assert srocc(predicted, labels) == pytest.approx(stats.spearmanr(predicted, labels).statistic, abs=1e-12)
    assert plcc(predicted, labels) == pytest.approx(stats.pearsonr(predicted, labels).statistic, abs=1e-12)
    assert krcc(predicted, labels) == pytest.approx(stats.kendalltau(predicted, labels).statistic, abs=1e-12)


def test_kendalls_tau_b_with_ties_worked_by_hand() -> None:
    # Of six pairs 4 agree and 1 disagrees, one is tied in the first: 3 / sqrt((6 - 1) * 6).
    predicted, labels = np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0, 2.5])
    assert krcc(predicted, labels) == pytest.approx(3 / 30**0.5)


def test_errors_worked_by_hand() -> None:
    predicted, labels = np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 2.0])
    assert rmse(predicted, labels) == pytest.approx((5 / 3) ** 0.5)
    assert mae(predicted, labels) == pytest.approx(1.0)


def test_a_constant_has_no_correlation() -> None:
    constant, labels = np.ones(5), np.arange(5.0)
    assert np.isnan(plcc(constant, labels))
    assert np.isnan(srocc(constant, labels))
    assert np.isnan(krcc(constant, labels))
    assert np.isnan(bootstrap_interval(srocc, constant, labels)).all()


def test_the_bootstrap_interval_is_close_to_fishers_for_normal_data() -> None:
    generator = np.random.default_rng(0)
    labels = generator.standard_normal(2000)
    predicted = 0.8 * labels + 0.6 * generator.standard_normal(2000)
    low, high = bootstrap_interval(plcc, predicted, labels)
    fisher = stats.pearsonr(predicted, labels).confidence_interval(0.95)
    assert (low, high) == pytest.approx((fisher.low, fisher.high), abs=0.005)


def test_the_logistic_is_recovered_from_its_own_curve() -> None:
    predicted = np.linspace(-3, 7, 200)
    labels = logistic(predicted, 90.0, 10.0, 2.0, 0.8)
    found = fit_logistic(predicted, labels)
    assert found.form is LogisticForm.LOGISTIC
    assert np.abs(found.fitted - labels).max() < 1e-3


def test_a_falling_score_is_fitted_too() -> None:
    predicted = np.linspace(0, 1, 100)
    labels = logistic(predicted, 10.0, 90.0, 0.5, 0.1)
    assert rmse(fit_logistic(predicted, labels).fitted, labels) < 0.1


def test_the_fit_never_correlates_worse_than_the_raw_scores(pair: tuple[Values, Values]) -> None:
    predicted, labels = pair
    assert plcc(fit_logistic(predicted, labels).fitted, labels) >= plcc(predicted, labels) - 1e-3
