import numpy as np
import pytest

from detectors.models.picture_faults.kinds import KINDS
from detectors.models.picture_faults.network import ANSWERS
from lab.training.picture_faults.calibration import (
    ANY_PRIOR,
    PRIORS,
    calibrate_kinds,
    camera_weights,
    count_false_calls,
    figures,
    probabilities,
    reliability,
)


def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits that lie 2 higher where the fault is, half of the pictures faulty: the true log odds are 2 x - 2."""
    rng = np.random.default_rng(1)
    targets = (rng.random((count, ANSWERS)) < 0.5).astype(float)
    return rng.standard_normal(targets.shape) + 2 * targets, targets


def test_a_calibrated_probability_counts_faults_as_rare_as_cameras_have_them() -> None:
    logits, targets = drawn(60000)
    for one, prior in zip(calibrate_kinds(logits, targets), PRIORS, strict=True):
        assert one.slope == pytest.approx(2, rel=0.15)
        assert one.offset == pytest.approx(-2 + np.log(prior / (1 - prior)), rel=0.15)


def test_pictures_count_as_often_as_cameras_show_the_like() -> None:
    targets = np.zeros((10, ANSWERS))
    targets[:2, 3] = targets[:6, -1] = 1
    targets[9, 3] = -1
    weights = camera_weights(targets, 3)
    assert weights[9] == 0.0
    assert weights[:2].sum() / weights.sum() == pytest.approx(PRIORS[3])
    assert weights[2:6].sum() / weights[2:9].sum() == pytest.approx(ANY_PRIOR)
    assert camera_weights(targets, ANSWERS - 1)[:6].sum() / 4 == pytest.approx(ANY_PRIOR)


def test_what_is_unsure_changes_nothing() -> None:
    logits, targets = drawn(400)
    more = np.concatenate([logits, logits + 9]), np.concatenate([targets, np.full_like(targets, -1)])
    assert calibrate_kinds(*more) == calibrate_kinds(logits, targets)


def test_a_kind_nobody_showed_keeps_its_logits() -> None:
    logits, targets = drawn(400)
    targets[:, 0] = 0
    first = calibrate_kinds(logits, targets)[0]
    assert (first.slope, first.offset) == (1.0, 0.0)


def test_what_is_said_with_a_probability_is_true_that_often() -> None:
    logits, targets = drawn(40000)
    found = probabilities(logits, calibrate_kinds(logits, targets))
    rows = list(reliability(found, targets, np.array([0.02, 0.1])))
    assert rows
    for said, true, count in rows:
        assert count > 100
        assert said == pytest.approx(true, rel=0.25)


def test_recall_and_false_calls_are_counted_at_the_bound() -> None:
    targets = np.zeros((4, ANSWERS))
    found = np.zeros((4, len(KINDS)))
    targets[0, 2] = targets[1, 2] = targets[0, -1] = targets[1, -1] = 1
    targets[2, 5] = targets[2, -1] = -1
    found[0, 2], found[2, 5], found[3, 7] = 0.95, 0.99, 0.92
    assert figures(found, targets, 0.9)[2].recall_called == 0.5
    assert count_false_calls(found, targets, 0.9) == (1, 1)
