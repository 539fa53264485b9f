"""Boxes of candidates, worked by hand."""

import torch

from detectors.models.mtcnn.boxes import (
    apply_offsets,
    clip_to_picture,
    cut_patches,
    make_square,
    suppress_by_smaller_area,
)


def test_a_box_is_squared_about_its_centre() -> None:
    assert make_square(torch.tensor([[10.0, 20, 30, 60]])).tolist() == [[0.0, 20, 40, 60]]


def test_offsets_count_in_sides_with_both_end_pixels() -> None:
    """A box from 10 to 29 is 20 pixels wide."""
    moved = apply_offsets(torch.tensor([[10.0, 10, 29, 49]]), torch.tensor([[0.1, 0.1, -0.1, 0.5]]))
    torch.testing.assert_close(moved, torch.tensor([[12.0, 14, 27, 69]]))


def test_crops_are_cut_at_the_border_and_those_outside_are_named() -> None:
    boxes = torch.tensor([[1.0, 1, 4, 4], [-5.5, 2.9, 3.2, 50], [11, 2, 30, 30], [2, -9, 5, 0]])
    crops, real = clip_to_picture(boxes, height=8, width=10)
    assert crops[0].tolist() == [0, 0, 4, 4]
    assert crops[1].tolist() == [0, 1, 3, 8]
    assert real.tolist() == [True, True, False, False]


def test_a_patch_averages_equal_areas() -> None:
    picture = torch.arange(16.0).view(1, 4, 4).expand(3, 4, 4)
    (patch,) = cut_patches(picture, torch.tensor([[0, 0, 4, 4]]), 2)
    assert patch[0].tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_no_crop_is_an_empty_batch_of_patches() -> None:
    assert cut_patches(torch.zeros(3, 4, 4), torch.zeros(0, 4, dtype=torch.long), 24).shape == (0, 3, 24, 24)


def test_a_face_inside_a_better_one_is_dropped_and_one_beside_it_stays() -> None:
    """The inner box lies wholly within: its share is 1. The third shares 3 of 10 columns: .3."""
    boxes = torch.tensor([[2.0, 2, 5, 5], [0, 0, 9, 9], [7, 0, 16, 9]])
    assert suppress_by_smaller_area(boxes, torch.tensor([0.8, 0.9, 0.7]), 0.7).tolist() == [1, 2]


def test_of_equal_scores_the_later_box_wins() -> None:
    boxes = torch.tensor([[0.0, 0, 9, 9], [1, 0, 9, 9]])
    assert suppress_by_smaller_area(boxes, torch.tensor([1.0, 1.0]), 0.7).tolist() == [1]


def test_what_only_a_dropped_box_covers_stays() -> None:
    """The second falls to the first; the third overlaps the second alone."""
    boxes = torch.tensor([[0.0, 0, 9, 9], [2, 0, 11, 9], [4, 0, 13, 9]])
    assert suppress_by_smaller_area(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.7).tolist() == [0, 2]
