"""Cases worked by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.training.detection_quality.tables.average_precision import average_precision
from lab.training.detection_quality.yolox import ObjectDetections

Row = tuple[float, float, float, float, float]


def found(*rows: Row) -> ObjectDetections:
    """Score, then left, top, right, bottom."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return ObjectDetections(table[:, 1:], table[:, 0], np.zeros(len(table), np.int64))


def boxes(*rows: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)


A, B = (0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 30.0, 10.0)
ELSEWHERE = (100.0, 100.0, 110.0, 110.0)


def test_everything_found_and_nothing_else_is_one() -> None:
    assert average_precision([found((0.9, *A), (0.8, *B))], [boxes(A, B)]) == pytest.approx(1.0)


def test_half_found_without_a_mistake_is_a_half() -> None:
    assert average_precision([found((0.9, *A))], [boxes(A, B)]) == pytest.approx(0.5)


def test_a_mistake_between_two_hits_costs_a_sixth() -> None:
    # precision 1 at recall 1/2, then 2/3 at recall 1: 1/2 + 2/3 * 1/2 = 5/6
    ranked = found((0.9, *A), (0.8, *ELSEWHERE), (0.7, *B))
    assert average_precision([ranked], [boxes(A, B)]) == pytest.approx(5 / 6)


def test_a_mistake_before_the_hits_lowers_both() -> None:
    # precision 0, 1/2, 2/3; the envelope is 2/3 over all of recall
    ranked = found((0.9, *ELSEWHERE), (0.8, *A), (0.7, *B))
    assert average_precision([ranked], [boxes(A, B)]) == pytest.approx(2 / 3)


def test_an_object_counts_once() -> None:
    # the second box on A is a mistake, after full recall of one object
    assert average_precision([found((0.9, *A), (0.8, *A))], [boxes(A)]) == pytest.approx(1.0)
    assert average_precision([found((0.9, *A), (0.8, *A), (0.7, *B))], [boxes(A, B)]) == pytest.approx(5 / 6)


def test_an_overlap_under_a_half_is_a_mistake() -> None:
    # shifted by 4 of 10: 60 shared of 140
    shifted = (4.0, 0.0, 14.0, 10.0)
    assert average_precision([found((0.9, *shifted))], [boxes(A)]) == 0.0
    assert average_precision([found((0.9, *shifted))], [boxes(A)], same_iou=0.4) == pytest.approx(1.0)


def test_pictures_are_ranked_together_but_matched_apart() -> None:
    # the box found in the second picture is true only in the first
    assert average_precision([found(), found((0.9, *A))], [boxes(A), boxes()]) == 0.0
    two = average_precision([found((0.5, *A)), found((0.9, *ELSEWHERE))], [boxes(A), boxes()])
    assert two == pytest.approx(0.5)


def test_nothing_to_find_has_no_precision() -> None:
    assert np.isnan(average_precision([found((0.9, *A))], [boxes()]))


def test_nothing_found_is_zero() -> None:
    assert average_precision([found()], [boxes(A)]) == 0.0
