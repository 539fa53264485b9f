"""Intervals over pictures: they hold the measure, and a paired difference is known better than either measure."""

import numpy as np
import pytest

from lab.training.measures.correlations import mae, srocc
from lab.training.measures.paired_bootstrap import bootstrap_gain, bootstrap_mean, mean_over_runs

LABELS = np.linspace(0.0, 1.0, 200)
NOISE = np.random.default_rng(3).standard_normal((3, 200))


def test_a_mean_over_trainings_is_the_mean_of_their_measures() -> None:
    runs = [LABELS + 0.1, LABELS - 0.3]
    assert mean_over_runs(mae, runs, LABELS) == pytest.approx(0.2)
    assert bootstrap_mean(mae, runs, LABELS) == pytest.approx((0.2, 0.2))


def test_an_interval_holds_the_measure_and_widens_with_noise() -> None:
    near, far = ([LABELS + size * NOISE[0]] for size in (0.1, 0.5))
    for runs in (near, far):
        low, high = bootstrap_mean(srocc, runs, LABELS)
        assert low < mean_over_runs(srocc, runs, LABELS) < high
    assert np.ptp(bootstrap_mean(srocc, near, LABELS)) < np.ptp(bootstrap_mean(srocc, far, LABELS))


def test_a_difference_on_the_same_pictures_is_known_better_than_either_measure() -> None:
    shared = LABELS + 0.3 * NOISE[0]
    better, worse = [shared + 0.02 * NOISE[1]], [shared + 0.1 * NOISE[2]]
    gain, low, high = bootstrap_gain(srocc, better, worse, LABELS)
    assert gain == pytest.approx(mean_over_runs(srocc, better, LABELS) - mean_over_runs(srocc, worse, LABELS))
    assert low < gain < high
    assert high - low < np.ptp(bootstrap_mean(srocc, better, LABELS))


def test_a_method_gains_nothing_on_itself() -> None:
    runs = [LABELS + 0.3 * NOISE[0]]
    assert bootstrap_gain(srocc, runs, runs, LABELS) == (0.0, 0.0, 0.0)


def test_a_constant_has_no_interval() -> None:
    assert np.isnan(bootstrap_mean(srocc, [np.ones(200)], LABELS)).all()
