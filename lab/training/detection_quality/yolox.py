"""YOLOX-nano (Ge et al. 2021) by onnxruntime: an independent detector for labels and transfer tests, not bundled."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.errors import ConfigError
from lab.training.augment.video_compression import Pixels

SIDE = 416
STRIDES = (8, 16, 32)
PAD_LEVEL = 114
LEAST_SCORE = 0.01
NMS_IOU = 0.65
PERSON, CAR = 0, 2
"""COCO's classes, counted from 0."""


@dataclass(frozen=True)
class ObjectDetections:
    """Boxes (n, 4) as left, top, right, bottom in the picture's pixels, scores (n,) in [0, 1], COCO classes (n,)."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]

    def of_class(self, wanted: int) -> "ObjectDetections":
        return self.of_classes((wanted,))

    def of_classes(self, wanted: Collection[int]) -> "ObjectDetections":
        kept = np.isin(self.classes, list(wanted))
        return ObjectDetections(self.boxes[kept], self.scores[kept], self.classes[kept])

    def above(self, score: float) -> "ObjectDetections":
        kept = self.scores >= score
        return ObjectDetections(self.boxes[kept], self.scores[kept], self.classes[kept])


class ObjectDetector(Protocol):
    """Any object detector whose average precision is asked for."""

    name: str

    def __call__(self, picture: Pixels) -> ObjectDetections:
        """Detections in one RGB picture (H, W, 3), best first."""
        ...


class YoloxNano:
    """The published ONNX file: letterboxed to 416 x 416 in BGR levels, one candidate per grid cell."""

    name = "YOLOX-nano"

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        import onnxruntime  # noqa: PLC0415  only the training extra has it

        if not path.is_file():
            raise ConfigError(f"no YOLOX-nano at {path}: place yolox_nano.onnx of the YOLOX release there")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._cells, self._scale = _grid()

    def __call__(self, picture: Pixels) -> ObjectDetections:
        """Detections in one RGB picture (H, W, 3) scored 0.01 or more, best first, duplicates of a class removed."""
        squared, factor = letterbox(picture)
        (output,) = self._session.run(None, {self._input: squared[None]})
        raw = output[0]
        centres = (raw[:, :2] + self._cells) * self._scale
        halves = np.exp(raw[:, 2:4]) * self._scale / 2
        boxes = np.concatenate([centres - halves, centres + halves], axis=1) / factor
        classes = raw[:, 5:].argmax(axis=1)
        scores = raw[:, 4] * raw[np.arange(len(raw)), 5 + classes]
        kept = scores >= LEAST_SCORE
        return suppress_duplicates(ObjectDetections(boxes[kept], scores[kept], classes[kept].astype(np.int64)))


def letterbox(picture: Pixels) -> tuple[NDArray[np.float32], float]:
    """(3, 416, 416) BGR levels, the picture at the top left over grey, and the factor it was scaled by."""
    height, width = picture.shape[:2]
    factor = min(SIDE / height, SIDE / width)
    size = (max(1, int(width * factor)), max(1, int(height * factor)))
    square = np.full((SIDE, SIDE, 3), PAD_LEVEL, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(square[..., ::-1].transpose(2, 0, 1), np.float32), factor


def suppress_duplicates(found: ObjectDetections, iou_limit: float = NMS_IOU) -> ObjectDetections:
    """Best first; of boxes of one class that overlap by more than `iou_limit` only the best."""
    order = np.argsort(-found.scores, kind="stable")
    boxes, scores, classes = found.boxes[order], found.scores[order], found.classes[order]
    shifted = boxes + classes[:, None].astype(np.float32) * 1e4
    kept: list[int] = []
    alive = np.ones(len(order), bool)
    for index in range(len(order)):
        if not alive[index]:
            continue
        kept.append(index)
        alive[index + 1 :] &= box_overlaps(shifted[index : index + 1], shifted[index + 1 :])[0] <= iou_limit
    return ObjectDetections(boxes[kept], scores[kept], classes[kept])


def box_overlaps(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union, (n, m), of boxes (n, 4) and (m, 4) as left, top, right, bottom."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)


def _grid() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cell corners (3549, 2) in cells, and the pixels of a cell (3549, 1), in the network's order."""
    cells, scales = [], []
    for stride in STRIDES:
        count = SIDE // stride
        across, down = np.meshgrid(np.arange(count), np.arange(count))
        cells.append(np.stack([across, down], axis=2).reshape(-1, 2))
        scales.append(np.full((count * count, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(scales).astype(np.float32)
