import numpy as np
import pytest

from lab.training.detection_quality.fitting.calibration import Calibration, expected_calibration_error, fit_calibration


def test_the_fit_recovers_the_meaning_of_answers() -> None:
    truth = Calibration(slope=0.5, offset=-1.0)
    answers = np.linspace(-6, 6, 101)
    before = np.full(101, 1000.0)
    found = fit_calibration(answers, before, before * truth.apply(answers))
    assert found.slope == pytest.approx(0.5, abs=1e-3)
    assert found.offset == pytest.approx(-1.0, abs=1e-3)


def test_answers_that_say_nothing_become_the_mean_share() -> None:
    answers, before = np.zeros(10), np.ones(10)
    after = np.array([1.0] * 7 + [0.0] * 3)
    assert fit_calibration(answers, before, after).apply(np.zeros(1))[0] == pytest.approx(0.7, abs=1e-3)


def test_calibration_error_by_hand() -> None:
    # of two objects each: .95 claimed and both survived, .05 off; .25 claimed and one survived, .25 off
    predicted = np.array([0.95, 0.25])
    error = expected_calibration_error(predicted, np.array([2.0, 2.0]), np.array([2.0, 1.0]))
    assert error == pytest.approx(0.5 * 0.05 + 0.5 * 0.25)


def test_errors_within_a_bin_cancel() -> None:
    predicted = np.array([0.55, 0.55])
    assert expected_calibration_error(predicted, np.array([1.0, 1.0]), np.array([1.0, 0.0])) == pytest.approx(0.05)
