"""Where facenet-pytorch 2.5.3 can answer, ours is the same: boxes and points within a pixel, scores within 1e-3."""

from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from detectors.models.mtcnn.cascade import Mtcnn
from detectors.models.mtcnn.weights import load_mtcnn
from tests.unit.detectors.models.mtcnn.scenes import astronaut, grey, levels


@pytest.fixture(scope="module")
def theirs() -> MTCNN:
    return MTCNN(keep_all=True, min_face_size=40, select_largest=False)


@pytest.fixture(scope="module")
def ours() -> Mtcnn:
    return load_mtcnn(smallest_face_px=40)


def assert_same_faces(ours: Mtcnn, theirs: MTCNN, picture: Tensor) -> int:
    boxes, scores, points = theirs.detect(levels(picture).numpy(), landmarks=True)
    (faces,) = ours.find_faces([picture])
    if boxes is None:
        assert len(faces) == 0
        return 0
    order = np.argsort(-scores.astype(float), kind="stable")
    assert len(faces) == len(order)
    np.testing.assert_allclose(faces.boxes.numpy(), boxes[order].astype(float), atol=1.0, rtol=0)
    np.testing.assert_allclose(faces.scores.numpy(), scores[order].astype(float), atol=1e-3, rtol=0)
    np.testing.assert_allclose(faces.points.numpy(), points[order].astype(float), atol=1.0, rtol=0)
    return len(faces)


def photographs(folder: Path, step: int) -> list[Tensor]:
    """Every `step`-th face picture, (3, H, W), those over a megapixel left out to save time."""
    files = sorted((folder / "faces" / "facemask").iterdir())[::step]
    found = [cv2.imread(str(file)) for file in files]
    return [tensor(picture[..., ::-1]) for picture in found if picture is not None and picture.size < 3e6]


def street(folder: Path) -> list[Tensor]:
    """Three frames of the street clip, (3, 1080, 1920)."""
    with av.open(str(folder / "clips" / "street-faces-1080p.mp4")) as clip:
        frames = islice(clip.decode(video=0), 0, 51, 25)
        return [tensor(frame.to_ndarray(format="rgb24")) for frame in frames]


def tensor(codes: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(codes, dtype=np.uint8)).permute(2, 0, 1).float() / 255


def test_the_astronaut_is_seen_alike(ours: Mtcnn, theirs: MTCNN) -> None:
    assert assert_same_faces(ours, theirs, astronaut()) == 1


def test_faces_cut_by_the_border_are_seen_alike(ours: Mtcnn, theirs: MTCNN) -> None:
    cut = [astronaut()[:, down : down + 150, across : across + 150] for down in (40, 75, 110) for across in (30, 75)]
    assert sum(assert_same_faces(ours, theirs, picture) for picture in cut) >= 4


@pytest.mark.data
def test_faces_of_the_shared_pictures_are_seen_alike(ours: Mtcnn, theirs: MTCNN, data_folder: Path) -> None:
    seen = sum(assert_same_faces(ours, theirs, picture) for picture in photographs(data_folder, 5))
    assert seen >= 20


@pytest.mark.data
def test_faces_of_the_street_are_seen_alike(ours: Mtcnn, theirs: MTCNN, data_folder: Path) -> None:
    assert sum(assert_same_faces(ours, theirs, picture) for picture in street(data_folder)) >= 6


def test_their_faults_are_what_our_own_tests_hold_against_them(theirs: MTCNN) -> None:
    """Else those tests would show nothing: the package fails on each of these."""
    with pytest.raises((ValueError, RuntimeError, IndexError)):
        theirs.detect(levels(grey(30, 30)).numpy())
    with pytest.raises(Exception, match="equal-dimension"):
        theirs.detect([Image.new("RGB", (64, 64)), Image.new("RGB", (64, 80))])
