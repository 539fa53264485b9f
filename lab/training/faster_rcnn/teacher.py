"""Boxes of people and vehicles that several views of one picture agree on.

The teacher looks at the whole picture and at four overlapping corners, which it sees larger. A box counts where the
mean score over the views that show it whole is high; what only some view suspects is neither taught nor held against
the pupil. The rule and its limits are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.training.augment.video_compression import Pixels
from lab.training.detection_quality.yolox import ObjectDetections, ObjectDetector, box_overlaps

PERSON, VEHICLE = 1, 2
"""The pupil's classes; 0 is the background."""
COCO_GROUPS = {PERSON: (0,), VEHICLE: (1, 2, 3, 4, 5, 6, 7, 8)}
"""COCO's classes, counted from 0: vehicles from bicycle to boat."""
SURE = 0.35
SUSPECTED = 0.1
LOOKED_CLOSER = 0.1
"""The best score in the whole picture from which the corners are looked at too."""
CORNER = 0.6
"""Side of a corner view, as a share of the picture's."""
SAME_IOU = 0.5
EDGE_SHARE = 0.01
"""A box that ends this near to the inner edge of a corner view, as a share of its side, is cut by it."""

Boxes = NDArray[np.float32]
"""(m, 4) left, top, right, bottom in pixels from 0."""


@dataclass(frozen=True, slots=True)
class TaughtBoxes:
    """Of one picture: `boxes` (n, 4) left, top, right, bottom in pixels; `groups` (n,) PERSON or VEHICLE; `scores`
    (n,) mean over views; `sure` (n,), False for what is ignored in training."""

    boxes: Boxes
    groups: NDArray[np.int64]
    scores: NDArray[np.float32]
    sure: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class View:
    """A part of the picture as left, top, right, bottom, and what the teacher finds there, in the picture's pixels."""

    area: tuple[int, int, int, int]
    found: ObjectDetections


def label_picture(teacher: ObjectDetector, picture: Pixels, *, always_closer: bool = False) -> TaughtBoxes:
    """What the views of RGB (H, W, 3) agree on; the corners only where the whole picture gives a reason to."""
    height, width = picture.shape[:2]
    whole = View((0, 0, width, height), teacher(picture))
    wanted = whole.found.of_classes([one for group in COCO_GROUPS.values() for one in group])
    if not always_closer and not (wanted.scores >= LOOKED_CLOSER).any():
        return agree([whole], (height, width))
    return agree([whole, *(_corner(teacher, picture, area) for area in corner_areas(height, width))], (height, width))


def corner_areas(height: int, width: int) -> list[tuple[int, int, int, int]]:
    """Four overlapping corners of a picture."""
    down, across = round(height * CORNER), round(width * CORNER)
    return [(left, top, left + across, top + down) for top in (0, height - down) for left in (0, width - across)]


def agree(views: Sequence[View], shape: tuple[int, int]) -> TaughtBoxes:
    """Boxes of all views, duplicates joined, best first; `shape` is the picture's height and width."""
    rows: list[tuple[Boxes, int, float, bool]] = []
    for group, classes in COCO_GROUPS.items():
        kept = [_whole_boxes(view, view.found.of_classes(classes), shape) for view in views]
        boxes = np.concatenate([one.boxes for one in kept]).astype(np.float32)
        scores = np.concatenate([one.scores for one in kept])
        owner = np.repeat(np.arange(len(views)), [len(one.scores) for one in kept])
        alive = scores >= SUSPECTED
        while alive.any():
            best = int(np.argmax(np.where(alive, scores, -1)))
            same = alive & (box_overlaps(boxes[best : best + 1], boxes)[0] >= SAME_IOU)
            best_of = [scores[same & (owner == number)].max(initial=0.0) for number in range(len(views))]
            shown = [_contains(view.area, boxes[best]) or score > 0 for view, score in zip(views, best_of, strict=True)]
            mean = float(np.mean([score for score, seen in zip(best_of, shown, strict=True) if seen]))
            rows.append((boxes[best], group, mean, mean >= SURE))
            alive &= ~same
    return TaughtBoxes(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float32),
        np.array([row[3] for row in rows], bool),
    )


def _corner(teacher: ObjectDetector, picture: Pixels, area: tuple[int, int, int, int]) -> View:
    left, top, right, bottom = area
    found = teacher(np.ascontiguousarray(picture[top:bottom, left:right]))
    offset = np.array([left, top, left, top], np.float32)
    return View(area, ObjectDetections(found.boxes + offset, found.scores, found.classes))


def _whole_boxes(view: View, found: ObjectDetections, shape: tuple[int, int]) -> ObjectDetections:
    """Without boxes that the view's edge cuts inside the picture; the others clipped to the picture."""
    left, top, right, bottom = view.area
    height, width = shape
    near_x, near_y = EDGE_SHARE * (right - left), EDGE_SHARE * (bottom - top)
    cut = np.zeros(len(found.scores), bool)
    if left > 0:
        cut |= found.boxes[:, 0] < left + near_x
    if top > 0:
        cut |= found.boxes[:, 1] < top + near_y
    if right < width:
        cut |= found.boxes[:, 2] > right - near_x
    if bottom < height:
        cut |= found.boxes[:, 3] > bottom - near_y
    boxes = np.clip(found.boxes, 0, np.array([width, height, width, height], np.float32))
    kept = ~cut & (boxes[:, 2] - boxes[:, 0] >= 2) & (boxes[:, 3] - boxes[:, 1] >= 2)
    return ObjectDetections(boxes[kept], found.scores[kept], found.classes[kept])


def _contains(area: tuple[int, int, int, int], box: Boxes) -> bool:
    return bool(box[0] >= area[0] and box[1] >= area[1] and box[2] <= area[2] and box[3] <= area[3])
