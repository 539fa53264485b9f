"""Average precision of people on films and pictures that nothing was trained on, the pupil's beside the teacher's."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from lab.training.augment.video_compression import Pixels
from lab.training.datasets.people_boxes import Boxes, read_penn_fudan
from lab.training.detection_quality.tables.average_precision import average_precision
from lab.training.detection_quality.tables.films import ANNOTATED, load_footage
from lab.training.detection_quality.yolox import PERSON, ObjectDetections, ObjectDetector
from lab.training.pictures import decode_picture

PENN_FUDAN = "Penn-Fudan"


@dataclass(frozen=True, slots=True)
class PersonPrecision:
    """One set of pictures: how many pictures and people, and the average precision of pupil and teacher."""

    name: str
    pictures: int
    people: int
    pupil: float
    teacher: float


class Pupil:
    """The trained network as a detector of people and vehicles in pictures of any size."""

    name = "pupil"

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval()

    @torch.inference_mode()
    def __call__(self, picture: Pixels) -> ObjectDetections:
        """Detections in one RGB picture (H, W, 3), best first; classes counted from 0, people first."""
        rgb = torch.from_numpy(picture.copy()).permute(2, 0, 1).float() / 255
        (found,) = self._network([rgb])
        return ObjectDetections(found["boxes"].numpy(), found["scores"].numpy(), found["labels"].numpy() - 1)


def evaluation_pictures(data: Path, every: int) -> Iterator[tuple[str, Pixels, Boxes]]:
    """Every `every`th picture of the annotated films and of Penn-Fudan, with its set and its boxes (m, 4) of people."""
    for film in ANNOTATED:
        footage = load_footage(film, data, halved=False)
        assert footage.truth is not None
        for number in range(0, len(footage.pictures), every):
            yield film.name, footage.pictures[number], footage.truth[number]
    pairs = read_penn_fudan(data / "images" / "pennfudan", data / "annotations" / "pennfudan")
    for path, boxes in pairs[::every]:
        yield PENN_FUDAN, decode_picture(path), boxes


def compare_people(pupil: ObjectDetector, teacher: ObjectDetector, data: Path, every: int) -> list[PersonPrecision]:
    """AP at an IoU of 0.5 of both on each set, on the same pictures."""
    found: dict[str, list[tuple[ObjectDetections, ObjectDetections, Boxes]]] = {}
    for name, picture, boxes in evaluation_pictures(data, every):
        answers = (pupil(picture).of_class(PERSON), teacher(picture).of_class(PERSON))
        found.setdefault(name, []).append((*answers, boxes))
    return [
        PersonPrecision(
            name,
            len(rows),
            sum(len(boxes) for _, _, boxes in rows),
            average_precision([mine for mine, _, _ in rows], [boxes for _, _, boxes in rows]),
            average_precision([theirs for _, theirs, _ in rows], [boxes for _, _, boxes in rows]),
        )
        for name, rows in found.items()
    ]
