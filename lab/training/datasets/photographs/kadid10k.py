"""KADID-10k (Lin et al. 2019) as distributed: 81 references, 25 distortions of 5 levels, 10,125 pictures.

`dmos.csv` has dist_img, ref_img and dmos, which in spite of its name is 1 to 5, higher is better.
"""

from pathlib import Path

from lab.training.datasets.label_files import DatasetFolder, parse_number, read_csv_rows
from lab.training.samples import Dataset, Sample, Scale

LABELS = "dmos.csv"
ADVICE = "unpack kadid10k.zip of the KADID-10k page"


def read(root: Path) -> list[Sample]:
    """Every distorted picture; its scene is the reference."""
    table, folder = root / LABELS, DatasetFolder(root / "images", ADVICE)
    samples = []
    for row in read_csv_rows(table, ("dist_img", "ref_img", "dmos"), ADVICE):
        name = row["dist_img"]
        mos = parse_number(row["dmos"], name, table)
        samples.append(Sample(folder.file(name, table), {"mos": mos}, Path(row["ref_img"]).stem))
    return samples


KADID10K = Dataset(
    name="kadid10k",
    title="KADID-10k: 81 references, 10,125 pictures with 25 distortions",
    source="Lin et al. 2019; database.mmsp-kn.de/kadid-10k-database.html",
    licence="references under the Pixabay licence, scores free for research (page)",
    scales={"mos": Scale(1.0, 5.0)},
    read=read,
)
