"""Collages and crops move pictures and boxes together; what a crop cuts is ignored, not held against the network."""

import numpy as np
import pytest

from detectors.models.faster_rcnn.mobilenet_v2_fpn import SIDE
from lab.training.faster_rcnn.collages import CollageExample, draw_example, random_crop


def scene(side: int = 400) -> CollageExample:
    """One white square on black, with its box."""
    picture = np.zeros((side, side, 3), np.uint8)
    picture[100:160, 200:280] = 255
    return CollageExample(
        picture, np.array([[200, 100, 280, 160]], np.float32), np.array([1]), np.zeros((0, 4), np.float32)
    )


def test_boxes_follow_the_pixels_of_a_crop() -> None:
    shown = 0
    for seed in range(40):
        crop = random_crop(scene(), SIDE, SIDE, np.random.default_rng(seed))
        white = np.argwhere(crop.picture[..., 0] > 127)
        if len(crop.boxes):
            shown += 1
            top, left = white.min(axis=0)
            bottom, right = white.max(axis=0) + 1
            assert crop.boxes[0].tolist() == pytest.approx([left, top, right, bottom], abs=1.6)
        elif len(white):
            assert len(crop.ignored) == 1
    assert shown > 10


@pytest.mark.parametrize("seed", range(12))
def test_examples_have_one_size_and_boxes_inside(seed: int) -> None:
    example = draw_example(lambda number: scene(400 + 10 * number), range(4), np.random.default_rng(seed))
    assert example.picture.shape == (SIDE, SIDE, 3)
    assert example.picture.dtype == np.uint8
    assert len(example.groups) == len(example.boxes)
    for boxes in (example.boxes, example.ignored):
        assert boxes.dtype == np.float32
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        assert boxes.min(initial=0) >= 0
        assert boxes.max(initial=0) <= SIDE


def test_the_same_seed_draws_the_same() -> None:
    first, second = (draw_example(lambda _: scene(), range(4), np.random.default_rng(3)) for _ in range(2))
    assert (first.picture == second.picture).all()
    assert (first.boxes == second.boxes).all()
