"""Right, wrong and missed faces, worked by hand."""

import math

import pytest
import torch

from training.face_detection.matching import Counts, interval, matched

FACE = [0.0, 0, 10, 10]
NOTHING = torch.zeros(0, 4)


def found(*boxes: list[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes, the first the surest."""
    return torch.tensor(boxes).view(-1, 4), torch.linspace(0.9, 0.8, len(boxes))


def test_half_an_overlap_is_not_enough_and_more_is() -> None:
    """10 x 10 against 10 x 5 inside it: IoU .5 exactly; against 10 x 6: .6."""
    true = torch.tensor([FACE])
    assert matched(*found([0, 0, 10, 5]), true) == Counts(0, 1, 1)
    assert matched(*found([0, 0, 10, 6]), true) == Counts(1, 0, 0)


def test_a_second_box_on_the_same_face_is_wrong() -> None:
    assert matched(*found(FACE, FACE), torch.tensor([FACE])) == Counts(1, 1, 0)


def test_the_surest_box_chooses_first() -> None:
    """The second would fit the first face better, but takes the one that is left."""
    true = torch.tensor([FACE, [0.0, 4, 10, 14]])
    boxes, scores = found([0, 1, 10, 11], [0, 2.5, 10, 12.5])
    assert matched(boxes, scores, true) == Counts(2, 0, 0)
    assert matched(boxes[1:], scores[1:], true) == Counts(1, 0, 1)


def test_nothing_found_misses_all_and_nothing_true_makes_all_wrong() -> None:
    assert matched(NOTHING, torch.zeros(0), torch.tensor([FACE])) == Counts(0, 0, 1)
    assert matched(*found(FACE), NOTHING) == Counts(0, 1, 0)


def test_the_three_measures_by_hand() -> None:
    """6 right, 2 wrong, 4 missed: 6/8, 6/10, 6/12."""
    counts = Counts(2, 2, 1) + Counts(4, 0, 3)
    assert (counts.precision, counts.recall, counts.accuracy) == (0.75, 0.6, 0.5)
    assert math.isnan(Counts(0, 0, 3).precision)
    assert Counts(0, 0, 3).accuracy == 0


def test_the_interval_holds_the_measure_and_closes_where_all_pictures_are_alike() -> None:
    mixed = [Counts(1, 0, 0)] * 60 + [Counts(0, 0, 1)] * 40
    low, high = interval(mixed, "recall")
    assert 0.48 < low < 0.6 < high < 0.72
    assert interval([Counts(1, 1, 0)] * 9, "precision") == pytest.approx((0.5, 0.5))
