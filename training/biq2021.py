"""BIQ2021 (Ahmed & Asif 2022) as its repository distributes it: 12,000 photographs and two CSVs of mean opinion scores.

`Train (Images and MOS).csv` has 10,000 rows and trailing empty columns, `Test (Images and MOS).csv` 2,000. Scores are
the mean of 30 people in a laboratory, scaled to [0, 1], higher is better. One file's extension differs in case from
its row. The test half is for final figures only.
"""

import csv
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ConfigError

TRAIN_CSV = "Train (Images and MOS).csv"
TEST_CSV = "Test (Images and MOS).csv"
BLOCK = 25
"""Numbers in a row that stay on one side of the split: neighbours in ss01 and ss02 often show one scene."""


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A file and what people thought of it; `mos` in [0, 1], higher is better."""

    path: Path
    mos: float

    @property
    def subset(self) -> str:
        return self.path.name.split(" ", 1)[0]

    @property
    def number(self) -> int:
        return int(self.path.stem.split("(", 1)[1].rstrip(")"))


def official_training(root: Path) -> list[LabelledPicture]:
    """The official training rows, in the file's order."""
    return _read(root, TRAIN_CSV)


def official_test(root: Path) -> list[LabelledPicture]:
    """The official test rows: for the final figure only, never for training, selection, stopping or calibration."""
    return _read(root, TEST_CSV)


def split_validation(
    pictures: Sequence[LabelledPicture], *, share: float = 0.1, seed: int = 2021
) -> tuple[list[int], list[int]]:
    """Indices to train on and to validate on: whole blocks of neighbouring numbers, the same share of each subset."""
    blocks: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, picture in enumerate(pictures):
        blocks[picture.subset][picture.number // BLOCK].append(index)
    validation: set[int] = set()
    for subset in sorted(blocks):
        order = sorted(blocks[subset])
        random.Random(f"{seed} {subset}").shuffle(order)
        wanted = share * sum(len(members) for members in blocks[subset].values())
        taken = 0
        for block in order:
            if taken >= wanted:
                break
            validation.update(blocks[subset][block])
            taken += len(blocks[subset][block])
    training = [index for index in range(len(pictures)) if index not in validation]
    return training, sorted(validation)


def _read(root: Path, name: str) -> list[LabelledPicture]:
    table, folder = root / name, root / "Images"
    for needed in (table, folder):
        if not needed.exists():
            raise ConfigError(f"{needed} is missing: point to a checkout of nisarahmedrana/BIQ2021")
    files = {path.name.lower(): path for path in folder.iterdir()}
    with table.open(newline="", encoding="utf-8-sig") as lines:
        rows = [row for row in csv.reader(lines) if row and row[0].strip()][1:]
    return [_labelled(files, row, table) for row in rows]


def _labelled(files: dict[str, Path], row: list[str], table: Path) -> LabelledPicture:
    picture = row[0].strip()
    path = files.get(picture.lower())
    if path is None:
        raise ConfigError(f"{table} labels {picture!r}, but {table.parent / 'Images'} has no such file")
    try:
        mos = float(row[1])
    except (IndexError, ValueError) as error:
        raise ConfigError(f"{table} has no score for {picture!r}") from error
    return LabelledPicture(path, mos)
