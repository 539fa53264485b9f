"""Small stand-ins: a drawn face, a set of faces, and a data set folder in the layout of SFIQA-Bench."""

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from lab.training.datasets.faces.sfiqa_bench import COLUMNS
from lab.training.face_quality.face_set import FaceSet
from lab.training.face_quality.synthesis.face_sources import FaceSource
from lab.training.pictures import Pixels

POINTS = ((75.0, 90.0), (145.0, 90.0), (110.0, 125.0), (85.0, 165.0), (135.0, 165.0))


def drawing(seed: int = 0) -> Pixels:
    """Something with edges, texture and colour in the place of a face, (240, 240, 3)."""
    generator = np.random.default_rng(seed)
    picture = np.full((240, 240, 3), (200, 170, 150), np.uint8)
    for x, y in POINTS:
        cv2.circle(picture, (int(x), int(y)), 14, generator.integers(0, 120, 3).tolist(), -1)
    texture = cv2.resize(generator.integers(0, 60, (60, 60, 3), dtype=np.uint8), (240, 240))
    return np.asarray(cv2.add(picture // 2, texture), np.uint8)


def source(path: Path, scene: str = "one") -> FaceSource:
    """A face of 140 x 160 pixels in the drawing, which is written to `path`."""
    cv2.imwrite(str(path), drawing()[..., ::-1])
    return FaceSource(str(path), scene, (40.0, 45.0, 180.0, 205.0), POINTS)


def face_set(count: int) -> FaceSet:
    """Faces whose brightness says their labels, so that a network can learn something from them in a few steps."""
    generator = np.random.default_rng(1)
    light = np.linspace(0.2, 1.0, count, dtype=np.float32)
    noise = generator.integers(0, 255, (count, 2, 224, 224, 3))
    views = (noise * light[:, None, None, None, None]).astype(np.uint8)
    points = np.tile(np.array(POINTS, np.float32), (count, 1, 1))
    labels = np.repeat((1 + 4 * light)[:, None], 6, axis=1).astype(np.float32)
    return FaceSet(views, points, labels)


def bench(root: Path, pictures: Sequence[Pixels], opinions: Sequence[Sequence[float]]) -> None:
    """A folder in the layout that the SFIQA-Bench adapter reads."""
    (root / "images").mkdir(parents=True)
    with (root / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("image", *COLUMNS))
        for number, (picture, scores) in enumerate(zip(pictures, opinions, strict=True)):
            cv2.imwrite(str(root / "images" / f"{number}.png"), picture[..., ::-1])
            rows.writerow((f"{number}.png", *scores))
