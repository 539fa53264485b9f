"""SFIQA-Bench (Jiang et al. 2026, arXiv 2602.07403): 5,004 surveillance faces, opinions on six dimensions, 1 to 5.

How it is distributed was not published when this was written. Ours, until it is: pictures in `images/`, and
`labels.csv` with a column `image` and one column a dimension, named as below; where a column `person` says who is
shown, the faces of one person share a scene, else every picture is its own.
"""

from pathlib import Path

from lab.training.datasets.label_files import DatasetFolder, parse_number, read_csv_rows
from lab.training.samples import Dataset, Sample, Scale

LABELS, PICTURES = "labels.csv", "images"
DIMENSIONS = ("noise", "sharpness", "colourfulness", "contrast", "fidelity", "overall")
COLUMNS = ("noise", "sharpness", "colorfulness", "contrast", "fidelity", "overall")
"""As the paper spells them."""
ADVICE = "ask the authors of SFIQA-Bench for it; put its pictures into images/ and its opinions into labels.csv"


def read(root: Path) -> list[Sample]:
    """Every face with its six opinions."""
    table = root / LABELS
    folder = DatasetFolder(root / PICTURES, ADVICE)
    samples = []
    for row in read_csv_rows(table, ("image", *COLUMNS), ADVICE):
        name = row["image"]
        scores = {
            dimension: parse_number(row[column], name, table)
            for dimension, column in zip(DIMENSIONS, COLUMNS, strict=True)
        }
        samples.append(Sample(folder.file(name, table), scores, row.get("person") or Path(name).stem))
    return samples


SFIQA_BENCH = Dataset(
    name="sfiqa-bench",
    title="SFIQA-Bench: 5,004 surveillance faces, six opinions of at least 25 people each in a laboratory",
    source="Jiang et al. 2026, arXiv 2602.07403",
    licence="not stated in the paper",
    scales={dimension: Scale(1.0, 5.0) for dimension in DIMENSIONS},
    read=read,
)
