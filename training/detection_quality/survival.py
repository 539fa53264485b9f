"""What share of the objects found in a pristine picture is still found after it was degraded."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from training.detection_quality.yolox import Detections, overlaps

FOUND = 0.4
"""A detector's score from which an object counts as found, in both pictures."""
SAME_IOU = 0.5
SUBJECTS = frozenset({0, 1, 2, 3, 5, 6, 7})
"""What surveillance looks for, as COCO counts classes: people, bicycles, cars, motorcycles, buses, trains, trucks."""


@dataclass(frozen=True, slots=True)
class Survival:
    """Of `before` objects in the pristine picture, `after` are still found."""

    before: int
    after: int

    @property
    def share(self) -> float:
        return self.after / self.before if self.before else float("nan")


def survival(
    pristine: Detections, degraded: Detections, *, found: float = FOUND, classes: Collection[int] | None = None
) -> Survival:
    """Match one to one, best first, within a class, at an IoU of 0.5 or more; objects of `classes`, None for all."""
    before, after = pristine.above(found), degraded.above(found)
    if classes is not None:
        before, after = before.of_classes(classes), after.of_classes(classes)
    overlap = overlaps(before.boxes, after.boxes)
    overlap[before.classes[:, None] != after.classes[None]] = 0
    matched = 0
    for row in range(len(before.boxes)):
        if not overlap.shape[1]:
            break
        best = int(np.argmax(overlap[row]))
        if overlap[row, best] >= SAME_IOU:
            matched += 1
            overlap[:, best] = 0
    return Survival(len(before.boxes), matched)
