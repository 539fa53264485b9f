"""TID2013 (Ponomarenko et al. 2015) as distributed: 25 references, 24 distortions of 5 levels, 3,000 pictures.

`mos_with_names.txt` has a line a picture: the MOS, 0 to 9, higher is better, and the file's name, whose case differs
from the file's in places. `i01_05_3.bmp` shows reference 1 with distortion 5 at level 3.
"""

from pathlib import Path

from domain.errors import ConfigError
from lab.training.datasets.label_files import DatasetFolder, parse_number
from lab.training.samples import Dataset, Sample, Scale, require_path

LABELS = "mos_with_names.txt"
ADVICE = "unpack tid2013.rar of the TID2013 page"


def read(root: Path) -> list[Sample]:
    """Every distorted picture; its scene is the reference."""
    table = require_path(root / LABELS, ADVICE)
    folder = DatasetFolder(root / "distorted_images", ADVICE)
    lines = table.read_text(encoding="utf-8").splitlines()
    return [_sample(line, folder, table) for line in lines if line.strip()]


def _sample(line: str, folder: DatasetFolder, table: Path) -> Sample:
    try:
        score, name = line.split()
    except ValueError:
        raise ConfigError(f"{table}: expected a score and a name, not {line!r}: {ADVICE}") from None
    return Sample(folder.file(name, table), {"mos": parse_number(score, name, table)}, name.split("_")[0].lower())


TID2013 = Dataset(
    name="tid2013",
    title="TID2013: 25 references, 3,000 pictures with 24 distortions",
    source="Ponomarenko et al. 2015; ponomarenko.info/tid2013.htm",
    licence="free for research (page)",
    scales={"mos": Scale(0.0, 9.0)},
    read=read,
)
