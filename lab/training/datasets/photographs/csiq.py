"""CSIQ (Larson & Chandler 2010) as distributed: `src_imgs/`, `dst_imgs/` with a folder a distortion, and a workbook.

`csiq.DMOS.xlsx`, sheet `all_by_image`, has a row a picture: image, dst_type, dst_lev, dmos in 0 to 1, lower is better.
30 references, 866 distorted pictures named `IMAGE.DISTORTION.LEVEL.png`.
"""

from pathlib import Path

from domain.errors import ConfigError
from lab.training.datasets.label_files import DatasetFolder, parse_number, read_sheet_rows
from lab.training.samples import Dataset, Sample, Scale, require_path

LABELS = "csiq.DMOS.xlsx"
SHEET = "all_by_image"
DISTORTIONS = {
    "noise": "AWGN",
    "blur": "BLUR",
    "contrast": "contrast",
    "fnoise": "fnoise",
    "jpeg": "JPEG",
    "jpeg 2000": "jpeg2000",
}
"""The workbook's name of a distortion, and the one in folders and file names; case differs between copies."""

ADVICE = "unpack src_imgs.zip and dst_imgs.zip of the CSIQ page beside csiq.DMOS.xlsx"


def read(root: Path) -> list[Sample]:
    """Every distorted picture; its scene is the reference."""
    table = require_path(root / LABELS, ADVICE)
    folders = {
        path.name.lower(): DatasetFolder(path, ADVICE) for path in require_path(root / "dst_imgs", ADVICE).iterdir()
    }
    samples = []
    for row in read_sheet_rows(table, ("image", "dst_type", "dst_lev", "dmos"), ADVICE, sheet=SHEET):
        distortion = _distortion(row["dst_type"], table)
        name = f"{row['image']}.{distortion}.{row['dst_lev']}.png"
        if distortion.lower() not in folders:
            raise ConfigError(f"{root / 'dst_imgs' / distortion} is missing: {ADVICE}")
        path = folders[distortion.lower()].file(name, table)
        samples.append(Sample(path, {"mos": parse_number(row["dmos"], name, table)}, row["image"]))
    return samples


def _distortion(name: str, table: Path) -> str:
    try:
        return DISTORTIONS[name]
    except KeyError:
        raise ConfigError(f"{table} names a distortion {name!r} that CSIQ does not have: {ADVICE}") from None


CSIQ = Dataset(
    name="csiq",
    title="CSIQ: 30 references, 866 pictures with six distortions",
    source="Larson and Chandler 2010; s2.smu.edu/~eclarson/csiq.html",
    licence="research (page)",
    scales={"mos": Scale(worst=1.0, best=0.0)},
    read=read,
)
