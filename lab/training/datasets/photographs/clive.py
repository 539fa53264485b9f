"""LIVE In the Wild Challenge (Ghadiyaram & Bovik 2016) as distributed: `ChallengeDB_release` with MATLAB label files.

`Data/AllImages_release.mat` names 1,169 pictures in the order of `Data/AllMOS_release.mat`; the first seven trained
the raters, lie in `Images/trainingImages` and are left out, which leaves 1,162. MOS on 0 to 100.
"""

from pathlib import Path

from lab.training.datasets.label_files import DatasetFolder, read_matlab
from lab.training.samples import PERCENT, Dataset, Sample

IMAGES = Path("Data") / "AllImages_release.mat"
SCORES = Path("Data") / "AllMOS_release.mat"
RATERS_TRAINING = 7
ADVICE = "point to ChallengeDB_release of the LIVE In the Wild page"


def read(root: Path) -> list[Sample]:
    """Every labelled photograph but the raters' training pictures, each its own scene."""
    table = root / IMAGES
    names = [str(cell.item()) for cell in read_matlab(table, "AllImages_release", ADVICE).flatten()]
    scores = read_matlab(root / SCORES, "AllMOS_release", ADVICE).flatten()
    folder = DatasetFolder(root / "Images", ADVICE)
    pairs = list(zip(names, scores, strict=True))[RATERS_TRAINING:]
    return [Sample(folder.file(name, table), {"mos": float(mos)}, Path(name).stem) for name, mos in pairs]


CLIVE = Dataset(
    name="clive",
    title="LIVE In the Wild Challenge: 1,162 photographs of phones, opinions through the web",
    source="Ghadiyaram and Bovik 2016; live.ece.utexas.edu/research/ChallengeDB",
    licence="research, with attribution (page)",
    scales={"mos": PERCENT},
    read=read,
)
