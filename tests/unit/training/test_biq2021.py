"""BIQ2021 is read as distributed, and what is missing is named."""

from pathlib import Path

import pytest

from domain.errors import ConfigError
from training.biq2021 import TEST_CSV, TRAIN_CSV, LabelledPicture, official_test, official_training, split_validation


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tiny checkout with the real one's quirks: empty columns, and a file whose extension differs in case."""
    folder = tmp_path / "Images"
    folder.mkdir()
    for name in ("ss01 (1).jpg", "ss02 (1014).JPG", "ss03 (7).jpg"):
        (folder / name).touch()
    (tmp_path / TRAIN_CSV).write_text("Image Name,MOS,,\nss01 (1).jpg,0.8471,,\nss02 (1014).jpg,0.2,,\n")
    (tmp_path / TEST_CSV).write_text("Image Name,MOS\nss03 (7).jpg,0.7321\n")
    return tmp_path


def test_rows_find_their_files_whatever_the_extensions_case(root: Path) -> None:
    rows = official_training(root)
    assert [(row.path.name, row.mos) for row in rows] == [("ss01 (1).jpg", 0.8471), ("ss02 (1014).JPG", 0.2)]
    assert [(row.subset, row.number) for row in rows] == [("ss01", 1), ("ss02", 1014)]
    assert [row.mos for row in official_test(root)] == [0.7321]


def test_a_missing_table_or_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Train \(Images and MOS\)\.csv is missing"):
        official_training(tmp_path)


def test_a_label_without_an_image_is_named(root: Path) -> None:
    (root / "Images" / "ss03 (7).jpg").unlink()
    with pytest.raises(ConfigError, match=r"labels 'ss03 \(7\)\.jpg'"):
        official_test(root)


def test_a_row_without_a_score_is_named(root: Path) -> None:
    (root / TEST_CSV).write_text("Image Name,MOS\nss03 (7).jpg,\n")
    with pytest.raises(ConfigError, match=r"no score for 'ss03 \(7\)\.jpg'"):
        official_test(root)


def pictures(count: int = 1000) -> list[LabelledPicture]:
    return [
        LabelledPicture(Path(f"{subset} ({n}).jpg"), 0.5) for subset in ("ss01", "ss02", "ss03") for n in range(count)
    ]


def test_the_split_keeps_neighbours_together_and_takes_a_tenth_of_each_subset() -> None:
    rows = pictures()
    training, validation = split_validation(rows)
    assert sorted([*training, *validation]) == list(range(len(rows)))
    for subset in ("ss01", "ss02", "ss03"):
        assert 100 <= sum(rows[index].subset == subset for index in validation) <= 125
    sides = {(rows[index].subset, rows[index].number // 25): False for index in training}
    assert not any((rows[index].subset, rows[index].number // 25) in sides for index in validation)


def test_the_split_is_the_same_every_time_and_differs_with_the_seed() -> None:
    rows = pictures()
    assert split_validation(rows) == split_validation(rows)
    assert split_validation(rows)[1] != split_validation(rows, seed=1)[1]
