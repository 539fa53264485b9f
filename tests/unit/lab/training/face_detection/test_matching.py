"""Right, wrong and missed faces, worked by hand."""

import math

import pytest
import torch

from lab.training.face_detection.matching import MatchCounts, bootstrap_counts, match_faces

FACE = [0.0, 0, 10, 10]
NOTHING = torch.zeros(0, 4)


def found(*boxes: list[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes, the first the surest."""
    return torch.tensor(boxes).view(-1, 4), torch.linspace(0.9, 0.8, len(boxes))


def test_half_an_overlap_is_not_enough_and_more_is() -> None:
    """10 x 10 against 10 x 5 inside it: IoU .5 exactly; against 10 x 6: .6."""
    true = torch.tensor([FACE])
    assert match_faces(*found([0, 0, 10, 5]), true) == MatchCounts(0, 1, 1)
    assert match_faces(*found([0, 0, 10, 6]), true) == MatchCounts(1, 0, 0)


def test_a_second_box_on_the_same_face_is_wrong() -> None:
    assert match_faces(*found(FACE, FACE), torch.tensor([FACE])) == MatchCounts(1, 1, 0)


def test_the_surest_box_chooses_first() -> None:
    """The second would fit the first face better, but takes the one that is left."""
    true = torch.tensor([FACE, [0.0, 4, 10, 14]])
    boxes, scores = found([0, 1, 10, 11], [0, 2.5, 10, 12.5])
    assert match_faces(boxes, scores, true) == MatchCounts(2, 0, 0)
    assert match_faces(boxes[1:], scores[1:], true) == MatchCounts(1, 0, 1)


def test_nothing_found_misses_all_and_nothing_true_makes_all_wrong() -> None:
    assert match_faces(NOTHING, torch.zeros(0), torch.tensor([FACE])) == MatchCounts(0, 0, 1)
    assert match_faces(*found(FACE), NOTHING) == MatchCounts(0, 1, 0)


def test_the_three_measures_by_hand() -> None:
    """6 right, 2 wrong, 4 missed: 6/8, 6/10, 6/12."""
    counts = MatchCounts(2, 2, 1) + MatchCounts(4, 0, 3)
    assert (counts.precision, counts.recall, counts.accuracy) == (0.75, 0.6, 0.5)
    assert math.isnan(MatchCounts(0, 0, 3).precision)
    assert MatchCounts(0, 0, 3).accuracy == 0


def test_the_interval_holds_the_measure_and_closes_where_all_pictures_are_alike() -> None:
    mixed = [MatchCounts(1, 0, 0)] * 60 + [MatchCounts(0, 0, 1)] * 40
    low, high = bootstrap_counts(mixed, "recall")
    assert 0.48 < low < 0.6 < high < 0.72
    assert bootstrap_counts([MatchCounts(1, 1, 0)] * 9, "precision") == pytest.approx((0.5, 0.5))
