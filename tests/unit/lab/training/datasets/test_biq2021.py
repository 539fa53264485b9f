"""BIQ2021 is read as distributed, and what is missing is named."""

from pathlib import Path

import pytest

from domain.errors import ConfigError
from lab.training.datasets.photographs.biq2021 import BLOCK, TEST_CSV, TRAIN_CSV, read, validation_scenes
from lab.training.samples import Sample


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
    samples = read(root)
    assert [sample.path.name for sample in samples] == ["ss01 (1).jpg", "ss02 (1014).JPG", "ss03 (7).jpg"]
    assert [sample.scores["mos"] for sample in samples] == [0.8471, 0.2, 0.7321]
    assert [sample.scene for sample in samples] == ["ss01 0", "ss02 40", "ss03 0"]
    assert [sample.split == "test" for sample in samples] == [False, False, True]


def test_a_missing_table_or_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Train \(Images and MOS\)\.csv is missing"):
        read(tmp_path)


def test_a_label_without_an_image_is_named(root: Path) -> None:
    (root / "Images" / "ss03 (7).jpg").unlink()
    with pytest.raises(ConfigError, match=r"labels 'ss03 \(7\)\.jpg'"):
        read(root)


def test_a_row_without_a_score_is_named(root: Path) -> None:
    (root / TEST_CSV).write_text("Image Name,MOS\nss03 (7).jpg,\n")
    with pytest.raises(ConfigError, match=r"no score for 'ss03 \(7\)\.jpg'"):
        read(root)


def test_validation_is_whole_blocks_and_a_tenth_of_each_subset() -> None:
    subsets = ("ss01", "ss02", "ss03")
    samples = [
        Sample(Path(f"{subset} ({n}).jpg"), {"mos": 0.5}, f"{subset} {n // BLOCK}")
        for subset in subsets
        for n in range(1000)
    ]
    scenes = validation_scenes(samples)
    assert scenes == validation_scenes(samples)
    for subset in subsets:
        assert 100 <= sum(sample.scene in scenes and sample.scene.startswith(subset) for sample in samples) <= 125
