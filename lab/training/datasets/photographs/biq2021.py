"""BIQ2021 (Ahmed & Asif 2022) as its repository distributes it: 12,000 photographs and two CSVs of mean opinion scores.

`Train (Images and MOS).csv` has 10,000 rows and trailing empty columns, `Test (Images and MOS).csv` 2,000. Scores are
the mean of 30 people in a laboratory, scaled to [0, 1], higher is better. One file's extension differs in case from
its row. The test half is for final figures only.
"""

import csv
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from lab.training.datasets.label_files import DatasetFolder, parse_number
from lab.training.samples import TEST, TRAIN, UNIT, VALIDATION, Dataset, Sample, require_path

TRAIN_CSV = "Train (Images and MOS).csv"
TEST_CSV = "Test (Images and MOS).csv"
BLOCK = 25
"""Numbers in a row that stay on one side of the split: neighbours in ss01 and ss02 often show one scene."""

ADVICE = "point to a checkout of nisarahmedrana/BIQ2021"
VALIDATION_SHARE = 0.1
SEED = 2021


def read(root: Path) -> list[Sample]:
    """All 12,000; the official test half as published, and our validation split carved from the train half."""
    training = _read(root, TRAIN_CSV, TRAIN)
    validation = validation_scenes(training)
    marked = [
        Sample(one.path, one.scores, one.scene, VALIDATION) if one.scene in validation else one for one in training
    ]
    return marked + _read(root, TEST_CSV, TEST)


def validation_scenes(samples: Sequence[Sample]) -> frozenset[str]:
    """Whole blocks of neighbouring numbers, a tenth of each subset, drawn by a fixed seed."""
    subsets: dict[str, dict[int, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        name, number_of_block = sample.scene.split(" ")
        subsets[name][int(number_of_block)].append(sample)
    chosen: set[str] = set()
    for subset, blocks in sorted(subsets.items()):
        order = sorted(blocks)
        random.Random(f"{SEED} {subset}").shuffle(order)
        wanted = VALIDATION_SHARE * sum(len(members) for members in blocks.values())
        taken = 0
        for block in order:
            if taken >= wanted:
                break
            chosen.add(f"{subset} {block}")
            taken += len(blocks[block])
    return frozenset(chosen)


def _read(root: Path, name: str, split: str) -> list[Sample]:
    table = require_path(root / name, ADVICE)
    folder = DatasetFolder(root / "Images", ADVICE)
    with table.open(newline="", encoding="utf-8-sig") as lines:
        rows = [row for row in csv.reader(lines) if row and row[0].strip()][1:]
    return [_sample(folder, row, table, split) for row in rows]


def _sample(folder: DatasetFolder, row: list[str], table: Path, split: str) -> Sample:
    picture = row[0].strip()
    path = folder.file(picture, table)
    subset, place = path.stem.split(" ", 1)
    block = int(place.strip("()")) // BLOCK
    mos = parse_number(row[1] if len(row) > 1 else None, picture, table)
    return Sample(path, {"mos": mos}, f"{subset} {block}", split)


BIQ2021 = Dataset(
    name="biq2021",
    title="BIQ2021: 12,000 photographs, opinions of 30 people each in a laboratory",
    source="Ahmed and Asif 2022; github.com/nisarahmedrana/BIQ2021",
    licence="freely available for use and benchmarking (repository)",
    scales={"mos": UNIT},
    read=read,
)
