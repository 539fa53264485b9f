"""Each public folder is read as distributed; the labels are real ones of the data sets."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook
from scipy.io import savemat

from domain.errors import ConfigError
from lab.training.datasets import DATASETS
from lab.training.datasets.photographs import live
from lab.training.samples import PERCENT, Sample, score_values

Expected = Mapping[str, tuple[float, str]]
"""File name under its folder: the first score, and the scene."""


def files(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def table(path: Path, *rows: Sequence[object]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def workbook(path: Path, sheet: str, rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    book = Workbook()
    assert book.active is not None
    book.active.title = "about"
    page = book.create_sheet(sheet) if sheet else book.active
    for row in rows:
        page.append(list(row))
    book.save(path)


def names_of(values: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
    cells = np.empty((1, len(values)), object)
    cells[0, :] = values
    return cells


def koniq10k(root: Path) -> Expected:
    files(root / "1024x768", "10004473376.jpg", "9996001596.jpg")
    table(
        root / "koniq10k_scores_and_distributions.csv",
        ("image_name", "c1", "c2", "c3", "c4", "c5", "c_total", "MOS", "SD", "MOS_zscore"),
        ("10004473376.jpg", 0, 0, 25, 73, 7, 105, 3.82857142857143, 0.527278894445103, 73.4),
        ("9996001596.jpg", 0, 4, 52, 47, 0, 103, 3.41747572815534, 0.5, 62.1),
    )
    return {"10004473376.jpg": (3.82857142857143, "10004473376"), "9996001596.jpg": (3.41747572815534, "9996001596")}


def clive(root: Path) -> Expected:
    files(root / "Images", "101.bmp", "102.bmp", "533.JPG")
    files(root / "Images" / "trainingImages", *(f"t{number}.bmp" for number in range(1, 8)))
    (root / "Data").mkdir()
    training = [f"t{number}.bmp" for number in range(1, 8)]
    images = np.empty((10, 1), object)
    images[:, 0] = [*training, "101.bmp", "102.bmp", "533.jpg"]
    savemat(root / "Data" / "AllImages_release.mat", {"AllImages_release": images})
    scores = np.array([[50.0] * 7 + [66.3595, 44.695, 73.6235]])
    savemat(root / "Data" / "AllMOS_release.mat", {"AllMOS_release": scores})
    return {"101.bmp": (66.3595, "101"), "102.bmp": (44.695, "102"), "533.JPG": (73.6235, "533")}


def csiq(root: Path) -> Expected:
    files(
        root / "dst_imgs", "awgn/1600.AWGN.1.png", "contrast/snow_leaves.contrast.4.png", "jpeg2000/1600.jpeg2000.2.png"
    )
    header = (None, None, None, "image", "dst_idx", "dst_type", "dst_lev", "dmos_std", "dmos")
    rows = [
        (None, None, None, 1600, 1, "noise", 1, 0.061, 0.061989),
        (None, None, None, "snow_leaves", 5, "contrast", 4.0, 0.05, 0.37876),
        (None, None, None, 1600, 4, "jpeg 2000", 2.0, 0.04, 0.13531),
    ]
    workbook(root / "csiq.DMOS.xlsx", "all_by_image", [(None,), (None,), header, *rows])
    return {
        "1600.AWGN.1.png": (0.061989, "1600"),
        "snow_leaves.contrast.4.png": (0.37876, "snow_leaves"),
        "1600.jpeg2000.2.png": (0.13531, "1600"),
    }


def tid2013(root: Path) -> Expected:
    files(root / "distorted_images", "i01_01_1.bmp", "i25_24_5.bmp")
    (root / "mos_with_names.txt").write_text("5.51429 I01_01_1.bmp\n2.77143 i25_24_5.bmp\n")
    return {"i01_01_1.bmp": (5.51429, "i01"), "i25_24_5.bmp": (2.77143, "i25")}


def kadid10k(root: Path) -> Expected:
    files(root / "images", "I01_01_01.png", "I81_25_05.png", "I01.png")
    table(
        root / "dmos.csv",
        ("dist_img", "ref_img", "dmos", "var"),
        ("I01_01_01.png", "I01.png", "4.57", "0.496"),
        ("I81_25_05.png", "I81.png", "3.27", "0.868"),
    )
    return {"I01_01_01.png": (4.57, "I01"), "I81_25_05.png": (3.27, "I81")}


def spaq(root: Path) -> Expected:
    files(root / "TestImage", "00001.jpg", "11125.jpg")
    header = ("Image name", "MOS", "Brightness", "Colorfulness", "Contrast", "Noisiness", "Sharpness")
    rows = [("00001.jpg", 48.86, 58.14, 53, 57, 53.93, 49.07), ("11125.jpg", 10.8, 20, 30, 25, 15, 8)]
    workbook(root / "Annotations" / "MOS and Image attribute scores.xlsx", "", [header, *rows])
    return {"00001.jpg": (48.86, "00001"), "11125.jpg": (10.8, "11125")}


def siqd(root: Path) -> Expected:
    files(root / "images", "001.png", "002.png")
    table(root / "labels.csv", ("image", "mos", "scene"), ("001.png", 3.2, "gate"), ("002.png", 1.4, "gate"))
    return {"001.png": (3.2, "gate"), "002.png": (1.4, "gate")}


FOLDERS: Mapping[str, Callable[[Path], Expected]] = {
    made.__name__: made for made in (koniq10k, clive, csiq, tid2013, kadid10k, spaq, siqd)
}


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_every_label_finds_its_picture_score_and_scene(name: str, tmp_path: Path) -> None:
    expected = FOLDERS[name](tmp_path)
    samples = DATASETS[name].read(tmp_path)
    assert {sample.path.name: (sample.scores["mos"], sample.scene) for sample in samples} == expected
    assert all(sample.path.is_file() for sample in samples)
    assert all(sample.scores.keys() == DATASETS[name].scales.keys() for sample in samples)


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_a_label_without_its_picture_is_named(name: str, tmp_path: Path) -> None:
    expected = FOLDERS[name](tmp_path)
    gone = next(path for path in sorted(tmp_path.rglob("*")) if path.name in expected)
    gone.unlink()
    with pytest.raises(ConfigError, match=f"(?i){gone.stem}"):
        DATASETS[name].read(tmp_path)


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_each_missing_file_of_labels_is_named(name: str, tmp_path: Path) -> None:
    expected = FOLDERS[name](tmp_path)
    tables = [path for path in tmp_path.rglob("*") if path.suffix in {".csv", ".txt", ".xlsx", ".mat"}]
    assert tables
    for path in tables:
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(ConfigError, match=path.name.replace(".", r"\.")):
            DATASETS[name].read(tmp_path)
        path.write_bytes(kept)
    assert len(DATASETS[name].read(tmp_path)) == len(expected)


def live_folder(root: Path) -> dict[str, int]:
    files(root / "jp2k", "img1.bmp", "img2.bmp", "img3.bmp")
    files(root / "jpeg", "img1.bmp")
    references = names_of(["studentsculpture.bmp", "studentsculpture.bmp", "rapids.bmp", "womanhat.bmp"])
    savemat(root / "refnames_all.mat", {"refnames_all": references})
    undistorted = np.array([[1, 0, 0, 0]], np.uint8)
    realigned = np.array([[0.0, 15.512954417537026, 24.09025497677203, 52.92435457391396]])
    savemat(root / "dmos_realigned.mat", {"dmos_new": realigned, "orgs": undistorted})
    savemat(root / "dmos.mat", {"dmos": realigned / 2, "orgs": undistorted})
    return {"jp2k": 3, "jpeg": 1}


def test_live_leaves_out_undistorted_copies_and_prefers_realigned_scores(tmp_path: Path) -> None:
    folders = live_folder(tmp_path)
    samples = live.read(tmp_path, folders)
    assert [f"{sample.path.parent.name}/{sample.path.name}" for sample in samples] == [
        "jp2k/img2.bmp",
        "jp2k/img3.bmp",
        "jpeg/img1.bmp",
    ]
    assert [sample.scene for sample in samples] == ["studentsculpture", "rapids", "womanhat"]
    assert score_values(samples, "mos").tolist() == [15.512954417537026, 24.09025497677203, 52.92435457391396]
    better, worse = live.LIVE.scales["mos"].convert(score_values(samples, "mos")[[0, 2]], PERCENT)
    assert better == pytest.approx(100 - 15.512954417537026)
    assert better > worse
    (tmp_path / "dmos_realigned.mat").unlink()
    assert score_values(live.read(tmp_path, folders), "mos")[0] == pytest.approx(15.512954417537026 / 2)


def test_live_names_what_is_missing(tmp_path: Path) -> None:
    folders = live_folder(tmp_path)
    (tmp_path / "jpeg" / "img1.bmp").unlink()
    with pytest.raises(ConfigError, match=r"'img1\.bmp', but .*jpeg has no such file"):
        live.read(tmp_path, folders)
    (tmp_path / "refnames_all.mat").unlink()
    with pytest.raises(ConfigError, match=r"refnames_all\.mat is missing"):
        live.read(tmp_path, folders)


def test_live_counts_its_982_pictures_in_five_folders() -> None:
    assert sum(live.FOLDERS.values()) == 982


def test_koniqs_own_sides_are_taken_where_the_authors_table_lies_there(tmp_path: Path) -> None:
    koniq10k(tmp_path)
    table(
        tmp_path / "koniq10k_distributions_sets.csv",
        ("image_name", "c1", "c2", "c3", "c4", "c5", "c_total", "MOS", "SD", "set"),
        ("10004473376.jpg", 0, 0, 0.24, 0.69, 0.07, 105, 73.4, 0.5, "training"),
        ("9996001596.jpg", 0, 0, 0.5, 0.45, 0, 103, 62.1, 0.5, "test"),
    )
    samples: list[Sample] = DATASETS["koniq10k"].read(tmp_path)
    assert {sample.scene: sample.split for sample in samples} == {"10004473376": "train", "9996001596": "test"}


def test_a_score_that_is_no_number_is_named(tmp_path: Path) -> None:
    kadid10k(tmp_path)
    labels = tmp_path / "dmos.csv"
    labels.write_text(labels.read_text().replace("3.27", "many"))
    with pytest.raises(ConfigError, match=r"no score for 'I81_25_05\.png'"):
        DATASETS["kadid10k"].read(tmp_path)


def test_a_table_without_its_columns_is_named(tmp_path: Path) -> None:
    siqd(tmp_path)
    table(tmp_path / "labels.csv", ("image", "mos"), ("001.png", 3.2))
    with pytest.raises(ConfigError, match=r"labels\.csv has no column 'scene'"):
        DATASETS["siqd"].read(tmp_path)
    spaq(tmp_path)
    workbook(tmp_path / "Annotations" / "MOS and Image attribute scores.xlsx", "", [("Image name", "Opinion")])
    with pytest.raises(ConfigError, match="no row with the columns Image name, MOS"):
        DATASETS["spaq"].read(tmp_path)
