"""The paper's own face detector, by path: it finds real faces with points inside their boxes, by its own file alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from detectors.models.catalogue import MODELS
from detectors.models.face_quality.ultra_light import HEIGHT, WIDTH, UltraLightFast, load_ultra_light
from detectors.models.model_choice import ModelChoice
from detectors.models.model_status import ModelState, check_model
from detectors.models.mtcnn.boxes import Faces
from detectors.models.mtcnn.cascade import Mtcnn
from detectors.models.mtcnn.weights import load_mtcnn
from detectors.models.weights import WeightsUnavailable
from lab.training.pictures import decode_picture
from tests.unit.detectors.models.mtcnn.scenes import astronaut

FILE = "reference-models/ultraface_RFB-320.onnx"


@pytest.fixture(scope="module")
def mtcnn() -> Mtcnn:
    return load_mtcnn()


def answering(*faces: tuple[float, tuple[float, float, float, float]]) -> UltraLightFast:
    def infer(levels: Any) -> tuple[Any, Any]:
        assert levels.shape == (1, 3, HEIGHT, WIDTH)
        scores = np.array([[[1 - score, score] for score, _ in faces]], np.float32).reshape(1, -1, 2)
        return scores, np.array([[box for _, box in faces]], np.float32).reshape(1, -1, 4)

    return UltraLightFast(infer, load_mtcnn())


def test_boxes_are_shares_of_the_picture_and_doubles_are_one() -> None:
    found = answering((0.9, (0.25, 0.25, 0.5, 0.75)), (0.8, (0.26, 0.25, 0.5, 0.75)), (0.6, (0.7, 0.1, 0.9, 0.3)))
    (faces,) = found.find_faces(torch.rand(1, 3, 200, 400))
    assert faces.boxes.tolist() == [[100.0, 50.0, 200.0, 150.0]]
    assert faces.points.shape == (1, 5, 2)


def test_a_picture_without_a_face_has_none() -> None:
    (faces,) = answering().find_faces([torch.rand(3, 200, 400)])
    assert len(faces) == 0
    assert faces.points.shape == (0, 5, 2)


@pytest.mark.data
def test_where_it_and_mtcnn_find_one_face_it_is_the_same(data_folder: Path, mtcnn: Mtcnn) -> None:
    """It misses faces that fill the picture, so of a dozen portraits only those count in which both find one."""
    found, compared = load_ultra_light(data_folder / FILE, mtcnn), 0
    for picture in (astronaut(), *portraits(data_folder)):
        (mine,), (other,) = found.find_faces([picture]), mtcnn.find_faces([picture])
        if len(mine) == len(other) == 1:
            compared += 1
            side = float((other.boxes[0, 2:] - other.boxes[0, :2]).max())
            assert (centre(mine) - centre(other)).norm() < 0.2 * side
            assert mine.points[0, :2, 1].max() < mine.points[0, 3:, 1].min(), "eyes above the mouth"
    assert compared >= 4


def centre(faces: Faces) -> Tensor:
    return (faces.boxes[0, :2] + faces.boxes[0, 2:]) / 2


def portraits(folder: Path) -> list[Tensor]:
    files = sorted((folder / "faces" / "facemask").glob("1?-photo.jpg"))
    return [torch.from_numpy(decode_picture(file)).permute(2, 0, 1) / 255 for file in files]


def test_another_file_leaves_the_model_off_and_says_so(tmp_path: Path, mtcnn: Mtcnn) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(b"not it")
    with pytest.raises(WeightsUnavailable, match="SHA-256"):
        load_ultra_light(path, mtcnn)
    choice = ModelChoice(enabled=True, options={"face_detector": str(tmp_path / "none.onnx")})
    found = check_model(MODELS["sfiqa_mobilenet"], choice, None)
    assert found.state is ModelState.OFF
    assert "none.onnx" in found.reason
