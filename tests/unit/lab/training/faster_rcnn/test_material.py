"""Labels are written once, survive an interruption, and come back as they were."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lab.training.augment.video_compression import Pixels
from lab.training.detection_quality.yolox import ObjectDetections
from lab.training.faster_rcnn.material import LABELS, label_pictures, read_labels


class OnePerson:
    """Finds one person in every picture."""

    name = "one"

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self, picture: Pixels) -> ObjectDetections:
        self.looks += 1
        return ObjectDetections(np.array([[2, 2, 20, 40]], np.float32), np.array([0.9], np.float32), np.array([0]))


@pytest.fixture
def files(tmp_path: Path) -> list[tuple[Path, str]]:
    found = []
    for number in range(3):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), np.zeros((64, 64, 3), np.uint8))
        found.append((path, "train"))
    return found


def test_what_is_labelled_is_not_labelled_again(files: list[tuple[Path, str]], tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert label_pictures(OnePerson(), files[:2], run) == 2
    again = OnePerson()
    assert label_pictures(again, files, run) == 1
    assert [one.path for one in read_labels(run)] == [path for path, _ in files]


def test_a_line_that_an_interruption_cut_is_labelled_again(files: list[tuple[Path, str]], tmp_path: Path) -> None:
    run = tmp_path / "run"
    label_pictures(OnePerson(), files, run)
    table = run / LABELS
    table.write_text(table.read_text(encoding="utf-8")[:-30], encoding="utf-8")
    assert len(list(read_labels(run))) == 2


def test_boxes_come_back_as_they_were(files: list[tuple[Path, str]], tmp_path: Path) -> None:
    label_pictures(OnePerson(), files[:1], tmp_path / "run")
    (found,) = read_labels(tmp_path / "run")
    assert found.part == "train"
    assert found.taught.boxes.shape[1] == 4
    assert found.sure_count == int(found.taught.sure.sum())
    assert not found.is_empty
