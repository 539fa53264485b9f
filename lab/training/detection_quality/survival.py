"""What share of the objects found in a pristine picture is still found after it was degraded."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from lab.training.detection_quality.yolox import ObjectDetections, box_overlaps

FOUND = 0.4
"""A detector's score from which an object counts as found."""
SURE = 0.6
"""From here on an object in the pristine picture is asked for: what was barely found there is lost by chance. Chosen on
training scenes, where heads predict what becomes of it better than at 0.4 (PLCC .74, .71)."""
SAME_IOU = 0.5
SUBJECTS = frozenset({0, 1, 2, 3, 5, 6, 7})
"""What surveillance looks for, as COCO counts classes: people, bicycles, cars, motorcycles, buses, trains, trucks."""


@dataclass(frozen=True, slots=True)
class SurvivalCount:
    """Of `before` objects in the pristine picture, `after` are still found."""

    before: int
    after: int

    @property
    def share(self) -> float:
        return self.after / self.before if self.before else float("nan")


def count_survivors(
    pristine: ObjectDetections,
    degraded: ObjectDetections,
    *,
    sure: float = FOUND,
    found: float = FOUND,
    classes: Collection[int] | None = None,
) -> SurvivalCount:
    """Match one to one, best first, within a class, at an IoU of 0.5 or more.

    Asked for are the pristine picture's objects scored `sure` or more, of `classes` (None for all); they survive as
    objects scored `found` or more.
    """
    before, after = pristine.above(sure), degraded.above(found)
    if classes is not None:
        before, after = before.of_classes(classes), after.of_classes(classes)
    overlap = box_overlaps(before.boxes, after.boxes)
    overlap[before.classes[:, None] != after.classes[None]] = 0
    matched = 0
    for row in range(len(before.boxes)):
        if not overlap.shape[1]:
            break
        best = int(np.argmax(overlap[row]))
        if overlap[row, best] >= SAME_IOU:
            matched += 1
            overlap[:, best] = 0
    return SurvivalCount(len(before.boxes), matched)


def count_surviving_subjects(pristine: ObjectDetections, degraded: ObjectDetections) -> SurvivalCount:
    """What detectability means: of the people and vehicles surely found, how many are still found."""
    return count_survivors(pristine, degraded, sure=SURE, classes=SUBJECTS)
