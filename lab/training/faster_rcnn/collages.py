"""Training pictures of 320 x 320: crops, and collages of four, in which objects are as small as a camera shows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.models.faster_rcnn.mobilenet_v2_fpn import SIDE
from lab.training.augment.video_compression import Pixels
from lab.training.faster_rcnn.teacher import Boxes

COLLAGE_SHARE = 0.75
LEAST_SHOWN = 0.45
"""Share of an object's box that a crop must leave to teach it; what is left of others is ignored."""
SMALLEST_PX = 5.0


@dataclass(frozen=True, slots=True)
class CollageExample:
    """RGB (H, W, 3) with the boxes taught (n, 4), their groups (n,), and the boxes ignored (m, 4)."""

    picture: Pixels
    boxes: Boxes
    groups: NDArray[np.int64]
    ignored: Boxes


def draw_example(
    load: Callable[[int], CollageExample], numbers: Sequence[int], rng: np.random.Generator
) -> CollageExample:
    """One training picture from the pictures `numbers` (four are enough), degraded as cameras do."""
    if rng.random() < COLLAGE_SHARE:
        example = _collage([load(number) for number in numbers[:4]], rng)
    else:
        example = random_crop(load(numbers[0]), SIDE, SIDE, rng)
    if rng.random() < 0.5:
        example = _mirror(example)
    return CollageExample(_degrade(example.picture, rng), example.boxes, example.groups, example.ignored)


def _collage(parts: Sequence[CollageExample], rng: np.random.Generator) -> CollageExample:
    """Four crops that meet in a random point."""
    middle_x, middle_y = (int(value) for value in rng.integers(round(SIDE * 0.3), round(SIDE * 0.7), 2))
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    placed = []
    places = [(0, 0, middle_x, middle_y), (middle_x, 0, SIDE, middle_y)]
    places += [(0, middle_y, middle_x, SIDE), (middle_x, middle_y, SIDE, SIDE)]
    for part, (left, top, right, bottom) in zip(parts, places, strict=True):
        crop = random_crop(part, bottom - top, right - left, rng)
        picture[top:bottom, left:right] = crop.picture
        offset = np.array([left, top, left, top], np.float32)
        placed.append((crop.boxes + offset, crop.groups, crop.ignored + offset))
    boxes, groups, ignored = (np.concatenate(column) for column in zip(*placed, strict=True))
    return CollageExample(picture, boxes, groups, ignored)


def random_crop(example: CollageExample, height: int, width: int, rng: np.random.Generator) -> CollageExample:
    """A part of the picture, 45 % of it or more on its tighter side, resized to (height, width)."""
    full_height, full_width = example.picture.shape[:2]
    stretch = float(np.exp(rng.normal(0, 0.08)))
    largest = min(full_height / height, full_width * stretch / width)
    scale = largest * float(rng.uniform(0.45, 1.0)) if rng.random() < 0.6 else largest
    down, across = min(full_height, round(height * scale)), min(full_width, round(width * scale / stretch))
    top, left = int(rng.integers(0, full_height - down + 1)), int(rng.integers(0, full_width - across + 1))
    shrinks = down > height
    picture = cv2.resize(
        example.picture[top : top + down, left : left + across],
        (width, height),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )
    factors = np.array([width / across, height / down] * 2, np.float32)
    offset = np.array([left, top, left, top], np.float32)
    limits = np.array([width, height, width, height], np.float32)
    moved = (example.boxes - offset) * factors
    shown = np.clip(moved, 0, limits)
    share = _areas(shown) / np.maximum(_areas(moved), 1e-6)
    large = (shown[:, 2:] - shown[:, :2]).min(axis=1, initial=np.inf) >= SMALLEST_PX
    taught = (share >= LEAST_SHOWN) & large
    rests = shown[~taught & (_areas(shown) > 0)]
    ignored = np.clip((example.ignored - offset) * factors, 0, limits)
    ignored = np.concatenate([ignored[_areas(ignored) > 0], rests])
    return CollageExample(np.asarray(picture, np.uint8), shown[taught], example.groups[taught], ignored)


def _areas(boxes: Boxes) -> NDArray[np.float32]:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1), np.float32)


def _mirror(example: CollageExample) -> CollageExample:
    width = example.picture.shape[1]
    boxes, ignored = (_mirror_boxes(one, width) for one in (example.boxes, example.ignored))
    return CollageExample(np.ascontiguousarray(example.picture[:, ::-1]), boxes, example.groups, ignored)


def _mirror_boxes(boxes: Boxes, width: int) -> Boxes:
    return np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1).astype(np.float32)


def _degrade(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Another exposure and colour, greys of night, softness, noise, and a codec's blocks, each now and then."""
    values: NDArray[np.float32] = picture.astype(np.float32)
    if rng.random() < 0.12:
        values = np.repeat(values.mean(axis=2, keepdims=True), 3, axis=2)
    elif rng.random() < 0.4:
        values *= rng.uniform(0.85, 1.15, 3).astype(np.float32)
    if rng.random() < 0.6:
        middle = float(values.mean())
        values = (values - middle) * float(rng.uniform(0.55, 1.25)) + middle * float(rng.uniform(0.6, 1.25))
    if rng.random() < 0.25:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), float(rng.uniform(0.4, 1.4))), np.float32)
    if rng.random() < 0.25:
        values = values + rng.normal(0, rng.uniform(1, 9), values.shape).astype(np.float32)
    degraded = values.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        _, coded = cv2.imencode(".jpg", degraded, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
        degraded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return degraded
