"""CGFIQA-40k (Chen et al. 2024) as DSL-FIQA distributes it: faces 512 x 512 in `train/`, `val/` and `test/`.

Each side has its pictures in `img/` and their opinions in `label.json`: a list `Image` of names and a list `MOS` on 0
to 1, higher is better. The sides are the authors' own.
"""

import json
from pathlib import Path

from domain.errors import ConfigError
from lab.training.datasets.label_files import DatasetFolder, parse_number
from lab.training.samples import TEST, TRAIN, UNIT, VALIDATION, Dataset, Sample, require_path

SIDES = {"train": TRAIN, "val": VALIDATION, "test": TEST}
LABELS, PICTURES = "label.json", "img"
ADVICE = "unpack the CGFIQA-40k archive of github.com/DSL-FIQA/DSL-FIQA, so that train/, val/ and test/ lie in it"


def read(root: Path) -> list[Sample]:
    """Every face of the three sides; each is its own scene."""
    return [sample for side in SIDES for sample in _side(root / side, SIDES[side])]


def _side(folder: Path, split: str) -> list[Sample]:
    table = require_path(folder / LABELS, ADVICE)
    pictures = DatasetFolder(folder / PICTURES, ADVICE)
    try:
        listed = json.loads(table.read_text(encoding="utf-8"))
        rows = list(zip(_values(listed["Image"]), _values(listed["MOS"]), strict=True))
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{table} does not list as many names as scores ({error}): {ADVICE}") from error
    return [
        Sample(pictures.file(name, table), {"mos": parse_number(mos, name, table)}, f"{split} {Path(name).stem}", split)
        for name, mos in rows
    ]


def _values(column: object) -> list[str]:
    """A column as pandas writes it: a list, or a dictionary by row number."""
    if isinstance(column, dict):
        column = list(column.values())
    if not isinstance(column, list):
        raise TypeError("a column is neither a list nor a dictionary")
    return [str(value) for value in column]


CGFIQA40K = Dataset(
    name="cgfiqa-40k",
    title="CGFIQA-40k: 39,312 faces of the web, balanced by skin tone and sex",
    source="Chen et al. 2024; github.com/DSL-FIQA/DSL-FIQA",
    licence="not stated (repository)",
    scales={"mos": UNIT},
    read=read,
)
