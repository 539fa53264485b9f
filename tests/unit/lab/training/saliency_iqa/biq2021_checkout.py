"""A checkout of BIQ2021 in small: real form, textures instead of photographs."""

from pathlib import Path

import cv2
import numpy as np

from lab.training.datasets.photographs.biq2021 import TEST_CSV, TRAIN_CSV

SIDE = 160


def checkout(root: Path, *, train: int = 60, test: int = 8) -> Path:
    """Pictures whose opinion grows with their contrast, of two sizes; returns the folder."""
    folder = root / "biq2021"
    (folder / "Images").mkdir(parents=True)
    _half(folder, TRAIN_CSV, "ss01", train, ",,")
    _half(folder, TEST_CSV, "ss03", test, "")
    return folder


def _half(folder: Path, table: str, subset: str, count: int, empty_columns: str) -> None:
    generator = np.random.default_rng(count)
    lines = [f"Image Name,MOS{empty_columns}"]
    for number in range(1, count + 1):
        share = number / (count + 1)
        size = (SIDE, SIDE, 3) if number % 2 else (SIDE - 32, SIDE, 3)
        texture = generator.integers(0, int(250 * share) + 2, size, dtype=np.uint8)
        cv2.imwrite(str(folder / "Images" / f"{subset} ({number}).jpg"), texture)
        lines.append(f"{subset} ({number}).jpg,{share:.4f}{empty_columns}")
    (folder / table).write_text("\n".join(lines) + "\n")
