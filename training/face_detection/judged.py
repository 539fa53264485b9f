"""Each picture's quality and how well its faces were found: computed once, then put into bins or behind the gate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.progress import track

from detectors.base import Detector, Pictures
from detectors.mtcnn.cascade import Mtcnn
from training.face_detection.annotated import FacePicture
from training.face_detection.matching import Counts, matched
from training.pictures import Pixels, decoded


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture: quality 0 to 100 (NaN where not assessable) and its faces' counts."""

    name: str
    quality: float
    counts: Counts

    @property
    def opinion(self) -> float:
        """Quality from 1 to 5, SIQD's scale of opinions on which the paper's bins are cut; put on it linearly."""
        return 1 + 4 * self.quality / 100


def judged(
    pictures: Sequence[FacePicture],
    faces: Mtcnn,
    quality: Detector,
    metric: str,
    change: Callable[[Pixels, int], Pixels],
) -> list[Judged]:
    """Change each picture (with its number), ask its quality, and look for faces in it."""
    console = Console(stderr=True)
    shown = track(pictures, "looking for faces", console=console, disable=not console.is_terminal, transient=True)
    return [
        _one(picture, change(decoded(picture.path), number), faces, quality, metric)
        for number, picture in enumerate(shown)
    ]


def _one(picture: FacePicture, codes: Pixels, faces: Mtcnn, quality: Detector, metric: str) -> Judged:
    rgb = torch.from_numpy(codes).permute(2, 0, 1)[None].float() / 255
    (found,) = faces.faces(rgb)
    counts = matched(found.boxes, found.scores, picture.boxes)
    return Judged(picture.path.name, float(quality.score(Pictures.from_rgb(rgb))[metric][0]), counts)
