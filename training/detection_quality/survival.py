"""What share of the objects found in a pristine picture is still found after it was degraded."""

from dataclasses import dataclass

import numpy as np

from training.detection_quality.yolox import Detections, overlaps

FOUND = 0.4
"""A detector's score from which an object counts as found, in both pictures."""
SAME_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Survival:
    """Of `before` objects in the pristine picture, `after` are still found."""

    before: int
    after: int

    @property
    def share(self) -> float:
        return self.after / self.before if self.before else float("nan")


def survival(pristine: Detections, degraded: Detections, *, found: float = FOUND) -> Survival:
    """Match one to one, best first, within a class, at an IoU of 0.5 or more."""
    before, after = pristine.above(found), degraded.above(found)
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
