import os
from pathlib import Path

import numpy as np
import pytest

from domain.errors import ConfigError
from lab.training.datasets.people_boxes import read_penn_fudan
from lab.training.detection_quality.yolox import (
    PERSON,
    ObjectDetections,
    YoloxNano,
    box_overlaps,
    letterbox,
    suppress_duplicates,
)
from lab.training.pictures import decode_picture


def test_a_letterboxed_picture_keeps_its_shape_and_is_padded_grey() -> None:
    square, factor = letterbox(np.full((208, 416, 3), (10, 20, 30), np.uint8))
    assert square.shape == (3, 416, 416)
    assert factor == 1.0
    assert square[:, 0, 0].tolist() == [30, 20, 10]  # BGR
    assert square[:, 300, 0].tolist() == [114, 114, 114]


def test_overlap_by_hand() -> None:
    first = np.array([[0, 0, 10, 10]], np.float32)
    second = np.array([[5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    np.testing.assert_allclose(box_overlaps(first, second), [[50 / 150, 0]])


def test_only_the_best_of_overlapping_boxes_of_a_class_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 1, 10, 11], [0, 1, 10, 11], [50, 50, 60, 60]], np.float32)
    kept = suppress_duplicates(
        ObjectDetections(boxes, np.array([0.6, 0.9, 0.5, 0.3], np.float32), np.array([0, 0, 1, 0]))
    )
    np.testing.assert_allclose(kept.scores, [0.9, 0.5, 0.3])
    assert kept.classes.tolist() == [0, 1, 0]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no YOLOX-nano"):
        YoloxNano(tmp_path / "yolox_nano.onnx")


@pytest.mark.data
def test_it_finds_the_people_of_a_photograph_where_they_are() -> None:
    root = os.environ.get("SIGHTLINE_DATA")
    if not root:
        pytest.skip("set SIGHTLINE_DATA to the shared data folder")
    data = Path(root)
    path, truth = read_penn_fudan(data / "images" / "pennfudan", data / "annotations" / "pennfudan")[0]
    found = YoloxNano(data / "reference-models" / "yolox_nano.onnx")(decode_picture(path)).of_class(PERSON).above(0.4)
    assert (box_overlaps(truth, found.boxes).max(axis=1) > 0.6).all()
