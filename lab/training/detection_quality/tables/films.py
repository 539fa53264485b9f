"""The clips that the tables are measured on, and those that choices are made on."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from domain.errors import ConfigError
from lab.training.augment.video_compression import Pixels, read_clip
from lab.training.datasets.people_boxes import Boxes, read_mot_boxes
from lab.training.detection_quality.yolox import CAR, PERSON


@dataclass(frozen=True, slots=True)
class BenchmarkFilm:
    """One clip: where it lies in the data folder, and its boxes' sequence folder, times `scale`, where it has any.

    `unseen` films are for evaluation alone: nothing is trained, selected or calibrated on them.
    """

    name: str
    path: str
    unseen: bool
    boxes: str = ""
    scale: float = 1.0
    kind: int = PERSON
    """COCO's class whose precision is asked for."""


PETS = BenchmarkFilm("PETS09-S2L1", "clips/pets09-s2l1.mp4", True, "annotations/mot15/PETS09-S2L1", 0.625)
TUD_CAMPUS = BenchmarkFilm("TUD-Campus", "clips/tud-campus.mp4", True, "annotations/mot15/TUD-Campus")
TUD_STADTMITTE = BenchmarkFilm("TUD-Stadtmitte", "clips/tud-stadtmitte.mp4", True, "annotations/mot15/TUD-Stadtmitte")
STREET = BenchmarkFilm("street-faces-1080p", "clips/street-faces-1080p.mp4", True)
CAR_PARK = BenchmarkFilm("car-park", "clips/car-park.mp4", False, kind=CAR)
ONE_BY_ONE = BenchmarkFilm("one-by-one-person", "clips/one-by-one-person.mp4", False)

ANNOTATED = (PETS, TUD_CAMPUS, TUD_STADTMITTE)
UNSEEN = (*ANNOTATED, STREET)
FURTHER = (CAR_PARK, ONE_BY_ONE)
"""Free to train on (CC BY), and so far not used for it."""


@dataclass(frozen=True)
class Footage:
    """A film's pictures (N, H, W, 3), halved in size for it was compressed before, and each picture's true boxes."""

    film: BenchmarkFilm
    pictures: Pixels
    rate: Fraction
    truth: Sequence[Boxes] | None


def load_footage(film: BenchmarkFilm, data: Path, *, halved: bool = True, longest: int | None = None) -> Footage:
    """The film from the data folder, at most `longest` pictures. Raises ConfigError where it is missing."""
    path = data / film.path
    if not path.is_file():
        raise ConfigError(f"{path} is missing: `--data` must name the folder that holds clips/ and annotations/")
    pictures, rate = read_clip(path, halved=halved, count=longest)
    truth = None
    if film.boxes and longest is None:
        scale = film.scale * (0.5 if halved else 1.0)
        truth = read_mot_boxes(data / film.boxes, pictures=len(pictures), scale=scale)
    return Footage(film, pictures, rate, truth)
