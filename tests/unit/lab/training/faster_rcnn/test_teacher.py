"""A box is taught where the views that show it whole agree, and ignored where one view merely suspects it."""

from collections.abc import Sequence

import numpy as np
import pytest

from lab.training.augment.video_compression import Pixels
from lab.training.detection_quality.yolox import ObjectDetections
from lab.training.faster_rcnn.teacher import PERSON, VEHICLE, View, agree, corner_areas, label_picture

SHAPE = (100, 200)
Found = tuple[tuple[float, float, float, float], float, int]
"""Box, score, COCO's class from 0."""


def view(area: tuple[int, int, int, int], *found: Found) -> View:
    return View(
        area,
        ObjectDetections(
            np.array([box for box, _, _ in found], np.float32).reshape(-1, 4),
            np.array([score for _, score, _ in found], np.float32),
            np.array([kind for _, _, kind in found], np.int64),
        ),
    )


WHOLE, LEFT = (0, 0, 200, 100), (0, 0, 120, 60)


def test_views_that_agree_teach_one_box() -> None:
    found = agree([view(WHOLE, ((10, 10, 30, 50), 0.5, 0)), view(LEFT, ((11, 10, 31, 50), 0.7, 0))], SHAPE)
    assert found.boxes.tolist() == [[11, 10, 31, 50]]
    assert found.groups.tolist() == [PERSON]
    assert found.scores.tolist() == pytest.approx([0.6])
    assert found.sure.tolist() == [True]


def test_what_one_view_sees_and_another_does_not_is_ignored() -> None:
    found = agree([view(WHOLE, ((10, 10, 30, 50), 0.5, 0)), view(LEFT)], SHAPE)
    assert (found.scores.tolist(), found.sure.tolist()) == ([0.25], [False])


def test_a_view_that_does_not_show_the_box_whole_has_no_say() -> None:
    found = agree([view(WHOLE, ((100, 10, 150, 90), 0.5, 0)), view(LEFT)], SHAPE)
    assert (found.scores.tolist(), found.sure.tolist()) == ([0.5], [True])


def test_a_box_that_the_edge_of_a_view_cuts_is_left_out() -> None:
    assert len(agree([view(WHOLE), view(LEFT, ((90, 10, 120, 50), 0.9, 0))], SHAPE).boxes) == 0
    at_the_pictures_own_edge = agree([view(WHOLE), view(LEFT, ((0, 10, 30, 50), 0.9, 0))], SHAPE)
    assert len(at_the_pictures_own_edge.boxes) == 1


def test_kinds_of_vehicles_are_one_group_and_others_are_nothing() -> None:
    found = agree(
        [view(WHOLE, ((10, 10, 60, 40), 0.6, 2), ((11, 10, 60, 40), 0.5, 7), ((80, 10, 99, 40), 0.9, 16))], SHAPE
    )
    assert found.groups.tolist() == [VEHICLE]


class Counting:
    """A teacher that finds what it is told and counts how often it looks."""

    name = "counting"

    def __init__(self, *found: Found) -> None:
        self.found: Sequence[Found] = found
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, picture: Pixels) -> ObjectDetections:
        self.shapes.append(picture.shape)
        return view((0, 0, 1, 1), *self.found).found


def test_the_corners_are_looked_at_only_where_there_is_a_reason() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    for teacher, looks in (
        (Counting(), 1),
        (Counting(((5, 5, 20, 30), 0.3, 0)), 5),
        (Counting(((5, 5, 20, 30), 0.9, 60)), 1),
    ):
        label_picture(teacher, picture)
        assert len(teacher.shapes) == looks
    always = Counting()
    label_picture(always, picture, always_closer=True)
    assert always.shapes[1:] == [(60, 120, 3)] * 4


def test_the_corners_cover_the_picture() -> None:
    seen = np.zeros((101, 203), bool)
    for left, top, right, bottom in corner_areas(101, 203):
        seen[top:bottom, left:right] = True
    assert seen.all()
