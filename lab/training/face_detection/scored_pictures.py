"""Each picture's quality and how well its faces were found: computed once, then put into bins or behind the gate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.progress import track

from detectors.models.mtcnn.cascade import Mtcnn
from detectors.models.pictures import Detector, Pictures
from lab.training.datasets.faces.facemask import FacePicture
from lab.training.face_detection.matching import MatchCounts, match_faces
from lab.training.pictures import Pixels, decode_picture


@dataclass(frozen=True, slots=True)
class ScoredFacePicture:
    """One picture: quality 0 to 100 (NaN where not assessable) and its faces' counts."""

    name: str
    quality: float
    counts: MatchCounts

    @property
    def opinion(self) -> float:
        """Quality from 1 to 5, SIQD's scale of opinions on which the paper's bins are cut; put on it linearly."""
        return 1 + 4 * self.quality / 100


def score_face_pictures(
    pictures: Sequence[FacePicture],
    faces: Mtcnn,
    quality: Detector,
    metric: str,
    change: Callable[[Pixels, int], Pixels],
) -> list[ScoredFacePicture]:
    """Change each picture (with its number), ask its quality, and look for faces in it."""
    console = Console(stderr=True)
    shown = track(pictures, "looking for faces", console=console, disable=not console.is_terminal, transient=True)
    return [
        _score_picture(picture, change(decode_picture(picture.path), number), faces, quality, metric)
        for number, picture in enumerate(shown)
    ]


def _score_picture(
    picture: FacePicture, codes: Pixels, faces: Mtcnn, quality: Detector, metric: str
) -> ScoredFacePicture:
    rgb = torch.from_numpy(codes).permute(2, 0, 1)[None].float() / 255
    (found,) = faces.find_faces(rgb)
    counts = match_faces(found.boxes, found.scores, picture.boxes)
    return ScoredFacePicture(picture.path.name, float(quality.score(Pictures.from_rgb(rgb))[metric][0]), counts)
