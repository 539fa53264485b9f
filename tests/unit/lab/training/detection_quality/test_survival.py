import numpy as np
import pytest

from lab.training.detection_quality.survival import SUBJECTS, SurvivalCount, count_surviving_subjects, count_survivors
from lab.training.detection_quality.yolox import ObjectDetections

A, B = (0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 30.0, 10.0)


def found(*rows: tuple[float, int, tuple[float, float, float, float]]) -> ObjectDetections:
    return ObjectDetections(
        np.array([box for _, _, box in rows], np.float32).reshape(-1, 4),
        np.array([score for score, _, _ in rows], np.float32),
        np.array([kind for _, kind, _ in rows], np.int64),
    )


def test_the_same_picture_keeps_everything() -> None:
    both = found((0.9, 0, A), (0.5, 2, B))
    assert count_survivors(both, both) == SurvivalCount(2, 2)


def test_what_falls_below_the_threshold_is_lost() -> None:
    assert count_survivors(found((0.9, 0, A), (0.5, 0, B)), found((0.9, 0, A), (0.3, 0, B))) == SurvivalCount(2, 1)


def test_another_class_is_not_the_same_object() -> None:
    assert count_survivors(found((0.9, 0, A)), found((0.9, 1, A))) == SurvivalCount(1, 0)


def test_one_detection_saves_one_object() -> None:
    assert count_survivors(found((0.9, 0, A), (0.8, 0, (1, 0, 11, 10))), found((0.9, 0, A))) == SurvivalCount(2, 1)


def test_what_was_never_found_has_no_share() -> None:
    assert count_survivors(found((0.3, 0, A)), found((0.9, 0, A))).before == 0
    assert SurvivalCount(4, 1).share == pytest.approx(0.25)
    assert np.isnan(SurvivalCount(0, 0).share)


def test_only_the_classes_asked_for_count() -> None:
    before, after = found((0.9, 0, A), (0.8, 45, B)), found((0.9, 45, B))
    assert count_survivors(before, after) == SurvivalCount(2, 1)
    assert count_survivors(before, after, classes=SUBJECTS) == SurvivalCount(1, 0)


def test_a_class_that_is_not_asked_for_cannot_save_one_that_is() -> None:
    assert count_survivors(found((0.9, 0, A)), found((0.9, 45, A)), classes=SUBJECTS) == SurvivalCount(1, 0)


def test_only_what_was_surely_found_is_asked_for_and_barely_found_is_enough_to_survive() -> None:
    before, after = found((0.7, 0, A), (0.5, 0, B)), found((0.45, 0, A))
    assert count_surviving_subjects(before, after) == SurvivalCount(1, 1)
    assert count_surviving_subjects(before, found((0.35, 0, A))) == SurvivalCount(1, 0)
    assert count_surviving_subjects(found((0.9, 45, A)), found((0.9, 45, A))) == SurvivalCount(0, 0)
