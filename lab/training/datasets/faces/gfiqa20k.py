"""GFIQA-20k (Su et al. 2023) as its page distributes it: 20,000 face photographs 512 x 512 in `image/`, and opinions.

Opinions are on 0 to 1, higher is better, in `mos_val_rating.csv`: a header, then the file's name and its MOS first in
each row. In its place the table `GFIQA.txt` of icbcbicc/IQA-Dataset is read, whose names carry a folder. `123_0.png`
and `123_1.png` are two faces of one photograph and share a scene.
"""

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from lab.training.datasets.label_files import DatasetFolder, parse_number, read_csv_rows
from lab.training.samples import UNIT, Dataset, Sample, require_path

LABELS, TABLE = "mos_val_rating.csv", "GFIQA.txt"
PICTURES = "image"
ADVICE = "unpack gfiqa-20k of the GFIQA-20k page (database.mmsp-kn.de), so that image/ and mos_val_rating.csv lie in it"


def read(root: Path) -> list[Sample]:
    """Every labelled face."""
    table = root / LABELS if (root / LABELS).is_file() else root / TABLE
    require_path(table, ADVICE)
    folder = DatasetFolder(root / PICTURES, ADVICE)
    rows = _read_published(table) if table.name == LABELS else _read_listed(table)
    return [
        Sample(folder.file(name, table), {"mos": parse_number(mos, name, table)}, Path(name).stem.rsplit("_", 1)[0])
        for name, mos in rows
    ]


def _read_published(table: Path) -> Iterator[tuple[str, str]]:
    with table.open(newline="", encoding="utf-8-sig") as lines:
        rows = [row for row in csv.reader(lines) if row and row[0].strip()]
    for row in rows[1:]:
        yield row[0].strip(), row[1] if len(row) > 1 else ""


def _read_listed(table: Path) -> Iterator[tuple[str, str]]:
    for row in read_csv_rows(table, ("dis_img_path", "score"), ADVICE):
        yield PurePosixPath(row["dis_img_path"]).name, row["score"]


GFIQA20K = Dataset(
    name="gfiqa-20k",
    title="GFIQA-20k: 20,000 faces of the web, opinions of about a dozen people each",
    source="Su et al. 2023; database.mmsp-kn.de/gfiqa-20k-database.html",
    licence="free for research (page)",
    scales={"mos": UNIT},
    read=read,
)
