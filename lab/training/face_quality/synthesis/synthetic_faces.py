"""Labelled faces made from undistorted ones: each follows from (seed, number) alone, and is made once and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from detectors.models.face_quality.network import DIMENSIONS, SIDE
from detectors.models.face_quality.views import SMALLEST_FACE
from domain.errors import ConfigError
from lab.training.augment.face_distortions import Distortion, distort_face
from lab.training.face_quality.face_set import FaceSet, cut_views, open_array
from lab.training.face_quality.synthesis.colour_correction import estimate_correction
from lab.training.face_quality.synthesis.distortion_labels import label_face
from lab.training.face_quality.synthesis.face_sources import FaceSource, cut_face_square
from lab.training.pictures import Pixels, decode_picture

GROUPS: tuple[tuple[float, tuple[Distortion, ...]], ...] = (
    (0.75, (Distortion.FOCUS, Distortion.MOTION, Distortion.RESOLUTION)),
    (0.75, (Distortion.EXPOSURE, Distortion.VEIL)),
    (0.75, (Distortion.COLOUR, Distortion.INFRARED)),
    (0.75, (Distortion.NOISE,)),
    (0.75, (Distortion.ENHANCEMENT, Distortion.H264)),
)
"""How often a face gets a distortion of a group; at most one of each group. Most faces suffer in every dimension, as
those of SFIQA-Bench do (section III-C: most opinions lie between 2.5 and 4.0 in each)."""
ALONE, NONE = 0.2, 0.04
"""The share of faces with one distortion only, and with none."""
LARGEST_FACE = 224.0


@dataclass(frozen=True)
class SyntheticFace:
    """The square around a face (S, S, 3), the face's box (4,) and points (5, 2) in it, and its six labels."""

    picture: Pixels
    box: NDArray[np.float32]
    points: NDArray[np.float32]
    labels: NDArray[np.float32]


def draw_strengths(generator: np.random.Generator) -> dict[Distortion, float]:
    """Which distortions a face gets, and how strongly."""
    kind = generator.random()
    if kind < NONE:
        return {}
    if kind < NONE + ALONE:
        _, choices = GROUPS[generator.integers(len(GROUPS))]
        return {choices[generator.integers(len(choices))]: float(generator.random())}
    return {
        choices[generator.integers(len(choices))]: float(generator.random())
        for share, choices in GROUPS
        if generator.random() < share
    }


def make_face(
    source: FaceSource, picture: Pixels, strengths: Mapping[Distortion, float], generator: np.random.Generator
) -> SyntheticFace:
    """The face of `source` in `picture`, made smaller at random but never larger, developed, then distorted."""
    box, points, square = cut_face_square(source, picture)
    width, height = float(box[2] - box[0]), float(box[3] - box[1])
    smallest = min(1.0, SMALLEST_FACE / min(width, height))
    largest = max(smallest, min(1.0, LARGEST_FACE / max(width, height)))
    side = max(2, round(len(square) * float(np.exp(generator.uniform(np.log(smallest), np.log(largest))))))
    factor = side / len(square)
    small = cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    face_px = factor * max(width, height)
    box, points = box * np.float32(factor), points * np.float32(factor)
    start = estimate_correction(small, box, points).apply(small)
    worse = distort_face(start, strengths, face_px / SIDE, generator)
    return SyntheticFace(np.rint(worse * 255).astype(np.uint8), box, points, label_face(strengths, face_px))


def make_numbered_face(
    sources: Sequence[FaceSource], number: int, seed: int, pictures: dict[str, Pixels]
) -> SyntheticFace:
    """The made face of that number; `pictures` keeps what was decoded."""
    generator = np.random.default_rng([seed, number])
    source = sources[number % len(sources)]
    if source.path not in pictures:
        pictures[source.path] = decode_picture(Path(source.path))
    return make_face(source, pictures[source.path], draw_strengths(generator), generator)


def load_or_make_faces(sources: Sequence[FaceSource], count: int, seed: int, folder: Path) -> FaceSet:
    """`count` made faces, kept in `folder`; a set begun there is gone on with.

    Raises ConfigError where there are no sources, or the folder holds a set of another size.
    """
    if not sources:
        raise ConfigError("no faces to start from: give pictures with faces of at least 96 pixels")
    folder.mkdir(parents=True, exist_ok=True)
    views = open_array(folder / "views.npy", (count, 2, SIDE, SIDE, 3), np.uint8)
    points = open_array(folder / "points.npy", (count, 5, 2), np.float32)
    known = open_array(folder / "labels.npy", (count, len(DIMENSIONS)), np.float32)
    console = Console(stderr=True)
    missing = np.flatnonzero(known[:, 0] == 0)
    pictures: dict[str, Pixels] = {}
    for number in track(missing, "faces", console=console, disable=not console.is_terminal, transient=True):
        face = make_numbered_face(sources, int(number), seed, pictures)
        views[number], points[number] = view_face(face)
        known[number] = face.labels
    return FaceSet(views, points, known)


def view_face(face: SyntheticFace) -> tuple[Pixels, NDArray[np.float32]]:
    """The loose and the compact view of a made face, and its points in the compact one."""
    picture = torch.from_numpy(face.picture).permute(2, 0, 1).float() / 255
    return cut_views(picture, torch.from_numpy(face.box), torch.from_numpy(face.points))
