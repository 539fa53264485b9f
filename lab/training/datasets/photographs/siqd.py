"""SIQD (Zhu et al. 2018): 500 pictures of surveillance cameras, MOS 1 to 5, higher is better.

It is given out by its authors on request, and no description of the archive's layout is public. Ours, to be made from
the archive once: the pictures in `images/`, and `labels.csv` with the columns image, mos and scene. The scene is what
Lu et al. 2022 split by; pictures of one camera's view share it.
"""

from pathlib import Path

from domain.errors import ConfigError
from lab.training.datasets.label_files import DatasetFolder, parse_number, read_csv_rows
from lab.training.samples import Dataset, Sample, Scale

LABELS = "labels.csv"
ADVICE = "put SIQD's pictures into images/ and write labels.csv with the columns image,mos,scene"


def read(root: Path) -> list[Sample]:
    """Every labelled picture."""
    table, folder = root / LABELS, DatasetFolder(root / "images", ADVICE)
    samples = []
    for row in read_csv_rows(table, ("image", "mos", "scene"), ADVICE):
        name = row["image"]
        if not row["scene"]:
            raise ConfigError(f"{table} names no scene for {name!r}: {ADVICE}")
        samples.append(Sample(folder.file(name, table), {"mos": parse_number(row["mos"], name, table)}, row["scene"]))
    return samples


SIQD = Dataset(
    name="siqd",
    title="SIQD: 500 pictures of surveillance cameras",
    source="Zhu et al. 2018",
    licence="on request from the authors",
    scales={"mos": Scale(1.0, 5.0)},
    read=read,
)
