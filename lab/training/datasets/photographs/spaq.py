"""SPAQ (Fang et al. 2020) as distributed: 11,125 photographs of 66 phones in `TestImage/`, and workbooks of labels.

`Annotations/MOS and Image attribute scores.xlsx` has a row a picture: its name, MOS, and five attributes, all 0 to
100, higher is better (for noisiness too: less noise).
"""

from pathlib import Path

from lab.training.datasets.label_files import DatasetFolder, parse_number, read_sheet_rows
from lab.training.samples import PERCENT, Dataset, Sample

LABELS = Path("Annotations") / "MOS and Image attribute scores.xlsx"
COLUMNS = {
    "mos": "MOS",
    "brightness": "Brightness",
    "colourfulness": "Colorfulness",
    "contrast": "Contrast",
    "noisiness": "Noisiness",
    "sharpness": "Sharpness",
}
ADVICE = "point to the folder of SPAQ that holds Annotations and TestImage"


def read(root: Path) -> list[Sample]:
    """Every photograph with its six scores, each its own scene."""
    table, folder = root / LABELS, DatasetFolder(root / "TestImage", ADVICE)
    samples = []
    for row in read_sheet_rows(table, ("Image name", *COLUMNS.values()), ADVICE):
        name = row["Image name"]
        scores = {score: parse_number(row[column], name, table) for score, column in COLUMNS.items()}
        samples.append(Sample(folder.file(name, table), scores, Path(name).stem))
    return samples


SPAQ = Dataset(
    name="spaq",
    title="SPAQ: 11,125 photographs of 66 phones, opinion and five attributes in a laboratory",
    source="Fang et al. 2020; github.com/h4nwei/SPAQ",
    licence="research (repository)",
    scales=dict.fromkeys(COLUMNS, PERCENT),
    read=read,
)
