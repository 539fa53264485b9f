import os
from pathlib import Path

import numpy as np
import pytest

from domain.errors import ConfigError
from lab.training.datasets.people_boxes import read_mot_boxes, read_penn_fudan

PENN_FUDAN = """# Compatible with PASCAL Annotation Version 1.00
Bounding box for object 1 "PASpersonWalking" (Xmin, Ymin) - (Xmax, Ymax) : (160, 182) - (302, 431)
Bounding box for object 2 "PASpersonWalking" (Xmin, Ymin) - (Xmax, Ymax) : (420, 171) - (535, 486)
"""


def sequence(folder: Path, text: str) -> Path:
    (folder / "gt").mkdir()
    (folder / "gt" / "gt.txt").write_text(text, encoding="ascii")
    return folder


def test_mot_counts_pixels_from_one_and_scales(tmp_path: Path) -> None:
    boxes = read_mot_boxes(sequence(tmp_path, "2,9,11,21,30,40,1,-1,-1,-1\n"), pictures=3, scale=0.5)
    assert [len(one) for one in boxes] == [0, 1, 0]
    np.testing.assert_allclose(boxes[1], [[5, 10, 20, 30]])


def test_mot_rows_marked_zero_do_not_count(tmp_path: Path) -> None:
    boxes = read_mot_boxes(sequence(tmp_path, "1,9,1,1,30,40,0,-1,-1,-1\n"), pictures=1)
    assert boxes[0].shape == (0, 4)


@pytest.mark.parametrize("row", ["1,9,1,1,30\n", "one,9,1,1,30,40,1\n", "4,9,1,1,30,40,1\n"])
def test_a_bad_mot_row_is_named(tmp_path: Path, row: str) -> None:
    with pytest.raises(ConfigError, match="line 1"):
        read_mot_boxes(sequence(tmp_path, row), pictures=3)


def test_a_missing_mot_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gt\.txt is missing"):
        read_mot_boxes(tmp_path, pictures=3)


def test_penn_fudan_boxes_include_their_last_pixel(tmp_path: Path) -> None:
    (tmp_path / "FudanPed00001.txt").write_text(PENN_FUDAN, encoding="ascii")
    (tmp_path / "FudanPed00001.png").touch()
    ((path, boxes),) = read_penn_fudan(tmp_path, tmp_path)
    assert path.name == "FudanPed00001.png"
    np.testing.assert_allclose(boxes, [[159, 181, 302, 431], [419, 170, 535, 486]])


def test_penn_fudan_boxes_without_a_picture_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "FudanPed00001.txt").write_text(PENN_FUDAN, encoding="ascii")
    with pytest.raises(ConfigError, match=r"no FudanPed00001\.png"):
        read_penn_fudan(tmp_path, tmp_path)


@pytest.mark.data
def test_the_shared_penn_fudan_has_170_pictures_and_423_people() -> None:
    root = os.environ.get("SIGHTLINE_DATA")
    if not root:
        pytest.skip("set SIGHTLINE_DATA to the shared data folder")
    found = read_penn_fudan(Path(root) / "images" / "pennfudan", Path(root) / "annotations" / "pennfudan")
    assert len(found) == 170
    assert sum(len(boxes) for _, boxes in found) == 423
