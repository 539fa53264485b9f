"""Faces are searched once in a picture that is counted and rated, and again where anything would differ."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from detectors.models.face_quality.detector import load_face_quality
from detectors.models.mtcnn.boxes import Faces
from detectors.models.mtcnn.cascade import Mtcnn
from detectors.models.mtcnn.detector import load_mtcnn_detector
from detectors.models.mtcnn.shared_search import find_shared_faces
from detectors.models.mtcnn.weights import load_mtcnn
from detectors.models.pictures import Pictures
from tests.unit.detectors.models.mtcnn.scenes import astronaut, grey


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each search of MTCNN looked at."""
    counted: list[int] = []
    find = Mtcnn.find_faces

    def find_and_count(self: Mtcnn, pictures: Sequence[Tensor] | Tensor) -> list[Faces]:
        counted.append(len(pictures))
        return find(self, pictures)

    monkeypatch.setattr(Mtcnn, "find_faces", find_and_count)
    return counted


def scene() -> Pictures:
    return Pictures.from_rgb(torch.stack([astronaut(), grey(256, 256), astronaut().flip(2)]))


def test_counting_and_rating_search_a_picture_once_and_say_what_each_says_alone(searches: list[int]) -> None:
    counter, rater = load_mtcnn_detector(), load_face_quality("sfiqa_mobilenet")
    alone = {**counter.score(scene()), **rater.score(scene())}
    assert searches == [3, 3]
    pictures = scene()
    together = {**counter.score(pictures), **rater.score(pictures)}
    assert searches == [3, 3, 3]
    assert together.keys() == alone.keys()
    for key, values in together.items():
        assert torch.equal(values.nan_to_num(-1), alone[key].nan_to_num(-1)), key


def test_another_smallest_face_is_searched_for_itself(searches: list[int]) -> None:
    pictures = scene()
    for smallest in (40.0, 60.0, 40.0):
        find_shared_faces(load_mtcnn(smallest_face_px=smallest), pictures)
    assert searches == [3, 3]


def test_a_network_of_unknown_weights_shares_nothing(searches: list[int]) -> None:
    pictures = scene()
    for _ in range(2):
        find_shared_faces(Mtcnn(40.0).eval(), pictures)
    assert searches == [3, 3]
