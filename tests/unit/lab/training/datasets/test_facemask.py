"""Annotated faces as they are distributed; what is missing is named."""

from pathlib import Path

import pytest

from domain.errors import ConfigError
from lab.training.datasets.faces.facemask import read_facemask

TABLE = """<annotation><filename>a.png</filename><object><name>with_mask</name><bndbox>
<xmin>11</xmin><ymin>21</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object>{more}</annotation>"""
SECOND = "<object><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></object>"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "annotations").mkdir()
    (tmp_path / "images" / "a.png").touch()
    (tmp_path / "annotations" / "a.xml").write_text(TABLE.format(more=SECOND))
    return tmp_path


def test_boxes_count_from_zero_and_hold_their_last_pixel(root: Path) -> None:
    (picture,) = read_facemask(root)
    assert picture.path.name == "a.png"
    assert picture.boxes.tolist() == [[10, 20, 30, 40], [0, 0, 5, 6]]


def test_an_annotation_without_picture_is_named(root: Path) -> None:
    (root / "annotations" / "b.xml").write_text(TABLE.format(more=""))
    with pytest.raises(ConfigError, match=r"b\.xml has faces"):
        read_facemask(root)


@pytest.mark.parametrize(
    ("text", "message"),
    [("<annotation/>", "names no face"), ("<annotation>", "not an annotation"), (TABLE.replace("11", "x"), "VOC")],
)
def test_an_annotation_of_no_use_is_named(root: Path, text: str, message: str) -> None:
    (root / "annotations" / "a.xml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_facemask(root)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="faces/facemask"):
        read_facemask(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "annotations").mkdir()
    with pytest.raises(ConfigError, match="no annotations"):
        read_facemask(tmp_path)


@pytest.mark.data
def test_the_shared_set_has_201_pictures_with_225_faces(data_folder: Path) -> None:
    pictures = read_facemask(data_folder)
    assert (len(pictures), sum(len(picture.boxes) for picture in pictures)) == (201, 225)
