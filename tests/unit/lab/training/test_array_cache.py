"""What every epoch needs is computed once, and rows are never taken for other pictures'."""

from pathlib import Path

import numpy as np
import pytest

from domain.errors import ConfigError
from lab.training import array_cache
from lab.training.array_cache import load_or_compute

FILES = [Path("a.jpg"), Path("b.jpg")]


def test_rows_are_computed_once_in_the_files_order(tmp_path: Path) -> None:
    asked: list[str] = []

    def computed(file: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        asked.append(file.name)
        return np.full((2,), ord(file.stem), np.float32)

    for _ in range(2):
        array = load_or_compute(tmp_path / "rows.npy", FILES, (2,), np.float32, computed)
        assert array.tolist() == [[97.0, 97.0], [98.0, 98.0]]
    assert asked == ["a.jpg", "b.jpg"]


def test_an_array_of_other_pictures_is_refused(tmp_path: Path) -> None:
    load_or_compute(tmp_path / "rows.npy", FILES, (1,), np.float32, lambda _: np.zeros(1, np.float32))
    with pytest.raises(ConfigError, match="other pictures"):
        load_or_compute(tmp_path / "rows.npy", [Path("b.jpg"), Path("a.jpg")], (1,), np.float32, lambda _: np.zeros(1))
    with pytest.raises(ConfigError, match="other pictures"):
        load_or_compute(tmp_path / "rows.npy", FILES, (2,), np.float32, lambda _: np.zeros(2))


def test_nothing_half_made_is_taken_for_whole(tmp_path: Path) -> None:
    def failing(file: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        if file.name == "b.jpg":
            raise ConfigError("b.jpg is broken")
        return np.zeros(1, np.float32)

    with pytest.raises(ConfigError, match="broken"):
        load_or_compute(tmp_path / "rows.npy", FILES, (1,), np.float32, failing)
    assert load_or_compute(tmp_path / "rows.npy", FILES, (1,), np.float32, lambda _: np.ones(1)).tolist() == [
        [1.0],
        [1.0],
    ]


def test_an_interrupted_making_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_cache, "COUNTED_EVERY", 1)
    asked: list[str] = []

    def computed(file: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        asked.append(file.name)
        if asked == ["a.jpg", "b.jpg"]:
            raise KeyboardInterrupt
        return np.full((1,), ord(file.stem), np.float32)

    with pytest.raises(KeyboardInterrupt):
        load_or_compute(tmp_path / "rows.npy", FILES, (1,), np.float32, computed)
    assert load_or_compute(tmp_path / "rows.npy", FILES, (1,), np.float32, computed).tolist() == [[97.0], [98.0]]
    assert asked == ["a.jpg", "b.jpg", "b.jpg"]
    assert {path.name for path in tmp_path.iterdir()} == {"rows.npy", "rows.txt"}
