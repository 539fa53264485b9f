"""Faces good enough to be made worse: those of the face-mask pictures and of photographs that people liked.

A source is a face at least 96 pixels large, seen whole, turned less than 45 degrees, sharp, which MTCNN is sure of.
Sources of one photograph, or of neighbouring photographs of one series, share a scene and stay on one side.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from detectors.models.face_quality.views import SMALLEST_FACE, loose_squares, yaw_degrees
from detectors.models.mtcnn.boxes import Faces
from detectors.models.mtcnn.cascade import Mtcnn
from lab.training.face_quality.synthesis.colour_correction import estimate_correction
from lab.training.pictures import Pixels, decode_picture
from lab.training.samples import Sample

SUREST, WHOLE, LARGEST_YAW, SHARPEST_NEEDED = 0.98, 0.95, 45.0, 11.0
LIKED = 0.6
"""Mean opinion, of 1, from which a BIQ2021 photograph counts as undistorted."""
SELFIES = "facemask"
"""The scene of all face-mask pictures: most show the same two people, so they are trained on and never validated on."""


Box = tuple[float, float, float, float]
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class FaceSource:
    """One face in one picture file: its box (left, top, right, bottom) and five points (x, y), in pixels."""

    path: str
    scene: str
    box: Box
    points: Points

    @property
    def side(self) -> float:
        """The longer side of the box."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


def select_liked(samples: Sequence[Sample]) -> list[Sample]:
    """The photographs whose mean opinion is at least .6 of 1; none of a test side."""
    return [sample for sample in samples if sample.split != "test" and sample.scores["mos"] >= LIKED]


def find_face_sources(samples: Iterable[Sample], mtcnn: Mtcnn) -> Iterator[FaceSource]:
    """The faces of the pictures that can serve as a start."""
    for sample in samples:
        picture = decode_picture(sample.path)
        rgb = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
        for box, points in usable_faces(picture, mtcnn.find_faces([rgb])[0]):
            source = FaceSource(str(sample.path), sample.scene, box, points)
            if has_ordinary_light(source, picture):
                yield source


def usable_faces(picture: Pixels, faces: Faces) -> list[tuple[Box, Points]]:
    """Boxes and points of the faces that are whole, large, turned little, sharp and sure."""
    height, width = picture.shape[:2]
    found: list[tuple[Box, Points]] = []
    for box, score, points, yaw in zip(faces.boxes, faces.scores, faces.points, yaw_degrees(faces.points), strict=True):
        left, top, right, bottom = box.tolist()
        seen = (min(right, width) - max(left, 0)) * (min(bottom, height) - max(top, 0))
        whole = seen >= WHOLE * (right - left) * (bottom - top)
        large = min(right - left, bottom - top) >= SMALLEST_FACE
        if float(score) >= SUREST and whole and large and float(yaw) <= LARGEST_YAW:
            cut = picture[max(0, int(top)) : int(bottom), max(0, int(left)) : int(right)]
            if measure_detail(cut) >= SHARPEST_NEEDED:
                pairs = tuple((x, y) for x, y in points.tolist())
                found.append(((left, top, right, bottom), pairs))
    return found


def has_ordinary_light(source: FaceSource, picture: Pixels) -> bool:
    """Whether the light and colour of the face can be developed to ordinary ones."""
    box, points, square = cut_face_square(source, picture)
    return estimate_correction(square.astype(np.float32) / np.float32(255), box, points).ordinary


def measure_detail(face: Pixels) -> float:
    """Deviation of the Laplacian of a face (H, W, 3) at 112 x 112, in levels: ours, to leave out blurred faces."""
    grey = cv2.resize(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), (112, 112), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(grey.astype(np.float64), cv2.CV_64F).std())


def save_sources(sources: Iterable[FaceSource], path: Path) -> list[FaceSource]:
    """Write the sources as JSON lines, whole or not at all, and return them."""
    listed = list(sources)
    partial = path.with_suffix(".part")
    partial.write_text("".join(json.dumps(asdict(source)) + "\n" for source in listed), encoding="utf-8")
    partial.replace(path)
    return listed


def load_sources(path: Path) -> list[FaceSource]:
    """The sources that `save_sources` wrote."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        FaceSource(row["path"], row["scene"], (left, top, right, bottom), tuple((x, y) for x, y in row["points"]))
        for row in rows
        for left, top, right, bottom in [row["box"]]
    ]


def cut_face_square(source: FaceSource, picture: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32], Pixels]:
    """Box (4,) and points (5, 2) within the face's loose square, and the square itself (S, S, 3)."""
    box = torch.tensor([source.box])
    left, top, right, bottom = loose_squares(box, *picture.shape[:2])[0].tolist()
    shift = np.array([left, top], np.float32)
    points = np.array(source.points, np.float32) - shift
    inside = np.array(source.box, np.float32) - np.concatenate([shift, shift])
    return inside, points, picture[top:bottom, left:right]


@dataclass(frozen=True, slots=True)
class SourceSplit:
    """Sources to train on, to choose the recipe by, and to measure on once all is chosen; no scene is on two sides."""

    training: list[FaceSource]
    validation: list[FaceSource]
    held_out: list[FaceSource]


def split_sources(sources: Sequence[FaceSource]) -> SourceSplit:
    """Whole scenes, drawn by their names alone: a fifth held out, a tenth to validate on; selfies are trained on."""
    sides = SourceSplit([], [], [])
    for source in sources:
        draw = zlib.crc32(source.scene.encode()) % 10
        if source.scene == SELFIES or draw not in (0, 1, 5):
            sides.training.append(source)
        elif draw == 1:
            sides.validation.append(source)
        else:
            sides.held_out.append(source)
    return sides
