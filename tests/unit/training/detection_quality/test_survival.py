import numpy as np
import pytest

from training.detection_quality.survival import SUBJECTS, Survival, subjects_survival, survival
from training.detection_quality.yolox import Detections

A, B = (0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 30.0, 10.0)


def found(*rows: tuple[float, int, tuple[float, float, float, float]]) -> Detections:
    return Detections(
        np.array([box for _, _, box in rows], np.float32).reshape(-1, 4),
        np.array([score for score, _, _ in rows], np.float32),
        np.array([kind for _, kind, _ in rows], np.int64),
    )


def test_the_same_picture_keeps_everything() -> None:
    both = found((0.9, 0, A), (0.5, 2, B))
    assert survival(both, both) == Survival(2, 2)


def test_what_falls_below_the_threshold_is_lost() -> None:
    assert survival(found((0.9, 0, A), (0.5, 0, B)), found((0.9, 0, A), (0.3, 0, B))) == Survival(2, 1)


def test_another_class_is_not_the_same_object() -> None:
    assert survival(found((0.9, 0, A)), found((0.9, 1, A))) == Survival(1, 0)


def test_one_detection_saves_one_object() -> None:
    assert survival(found((0.9, 0, A), (0.8, 0, (1, 0, 11, 10))), found((0.9, 0, A))) == Survival(2, 1)


def test_what_was_never_found_has_no_share() -> None:
    assert survival(found((0.3, 0, A)), found((0.9, 0, A))).before == 0
    assert Survival(4, 1).share == pytest.approx(0.25)
    assert np.isnan(Survival(0, 0).share)


def test_only_the_classes_asked_for_count() -> None:
    before, after = found((0.9, 0, A), (0.8, 45, B)), found((0.9, 45, B))
    assert survival(before, after) == Survival(2, 1)
    assert survival(before, after, classes=SUBJECTS) == Survival(1, 0)


def test_a_class_that_is_not_asked_for_cannot_save_one_that_is() -> None:
    assert survival(found((0.9, 0, A)), found((0.9, 45, A)), classes=SUBJECTS) == Survival(1, 0)


def test_only_what_was_surely_found_is_asked_for_and_barely_found_is_enough_to_survive() -> None:
    before, after = found((0.7, 0, A), (0.5, 0, B)), found((0.45, 0, A))
    assert subjects_survival(before, after) == Survival(1, 1)
    assert subjects_survival(before, found((0.35, 0, A))) == Survival(1, 0)
    assert subjects_survival(found((0.9, 45, A)), found((0.9, 45, A))) == Survival(0, 0)
