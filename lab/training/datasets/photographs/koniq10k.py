"""KonIQ-10k (Hosu et al. 2020) as its page distributes it: 10,073 photographs in `1024x768/` and a CSV of opinions.

`koniq10k_scores_and_distributions.csv` has MOS on 1 to 5 from about 120 workers each. Where
`koniq10k_distributions_sets.csv` lies beside it, the authors' own sides (column `set`) are taken from it.
"""

from collections.abc import Mapping
from pathlib import Path

from lab.training.datasets.label_files import DatasetFolder, parse_number, read_csv_rows
from lab.training.samples import TEST, TRAIN, VALIDATION, Dataset, Sample, Scale

LABELS = "koniq10k_scores_and_distributions.csv"
SETS = "koniq10k_distributions_sets.csv"
PICTURES = "1024x768"
ADVICE = "unpack koniq10k_1024x768.zip and koniq10k_scores_and_distributions.zip of the KonIQ-10k page into one folder"
SIDES = {"training": TRAIN, "validation": VALIDATION, "test": TEST}


def read(root: Path) -> list[Sample]:
    """Every labelled photograph, each its own scene."""
    table, folder = root / LABELS, DatasetFolder(root / PICTURES, ADVICE)
    sides = _sides(root / SETS)
    samples = []
    for row in read_csv_rows(table, ("image_name", "MOS"), ADVICE):
        name = row["image_name"]
        mos = parse_number(row["MOS"], name, table)
        samples.append(Sample(folder.file(name, table), {"mos": mos}, Path(name).stem, sides.get(name)))
    return samples


def _sides(table: Path) -> Mapping[str, str]:
    if not table.is_file():
        return {}
    return {row["image_name"]: SIDES[row["set"]] for row in read_csv_rows(table, ("image_name", "set"), ADVICE)}


KONIQ10K = Dataset(
    name="koniq10k",
    title="KonIQ-10k: 10,073 photographs, opinions of about 120 people each through the web",
    source="Hosu et al. 2020; database.mmsp-kn.de/koniq-10k-database.html",
    licence="photographs under their Creative Commons licences, scores free for research (page)",
    scales={"mos": Scale(1.0, 5.0)},
    read=read,
)
