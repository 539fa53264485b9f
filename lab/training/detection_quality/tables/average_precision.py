"""Average precision at an IoU of 0.5: the area under the precision envelope over recall (PASCAL VOC since 2010)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lab.training.detection_quality.yolox import ObjectDetections, box_overlaps

SAME_IOU = 0.5


def average_precision(
    found: Sequence[ObjectDetections], truth: Sequence[NDArray[np.float32]], *, same_iou: float = SAME_IOU
) -> float:
    """Of one class over the pictures of a window; `truth` holds each picture's boxes (m, 4).

    Detections of all pictures are taken best first; each claims the unclaimed true box it overlaps most, at
    `same_iou` or more. NaN where there is no true box.
    """
    total = sum(len(boxes) for boxes in truth)
    if not total:
        return float("nan")
    scores = np.concatenate([one.scores for one in found]) if found else np.empty(0)
    right = np.concatenate([_claims(one, boxes, same_iou) for one, boxes in zip(found, truth, strict=True)])
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    if not len(hits):
        return 0.0
    recall = hits / total
    precision = hits / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def _claims(found: ObjectDetections, boxes: NDArray[np.float32], same_iou: float) -> NDArray[np.bool_]:
    """Which detections of one picture are right; within a picture the better one claims first."""
    right = np.zeros(len(found.scores), bool)
    if not len(boxes):
        return right
    overlap = box_overlaps(found.boxes, boxes)
    for index in np.argsort(-found.scores, kind="stable"):
        best = int(np.argmax(overlap[index]))
        if overlap[index, best] >= same_iou:
            right[index] = True
            overlap[:, best] = -1
    return right
