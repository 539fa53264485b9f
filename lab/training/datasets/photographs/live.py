"""LIVE release 2 (Sheikh et al. 2006) as distributed: `databaserelease2` with five folders and MATLAB label files.

`refnames_all.mat` and the scores list 982 pictures, folder after folder, `img1.bmp` first; 203 of them (`orgs` 1) are
undistorted copies and are left out, which leaves 779. Scores: the realigned DMOS (`dmos_realigned.mat`) where it lies
there, else the release's own `dmos.mat`; lower is better, a little beyond 0 and 100.
"""

from pathlib import Path

from lab.training.datasets.label_files import DatasetFolder, read_matlab
from lab.training.samples import Dataset, Sample, Scale

FOLDERS = {"jp2k": 227, "jpeg": 233, "wn": 174, "gblur": 174, "fastfading": 174}
"""Pictures a folder, in the order of the label files."""

REALIGNED, RELEASED = ("dmos_realigned.mat", "dmos_new"), ("dmos.mat", "dmos")
REFERENCES = "refnames_all.mat"
ADVICE = "point to databaserelease2 of the LIVE image quality page"


def read(root: Path, folders: dict[str, int] | None = None) -> list[Sample]:
    """Every distorted picture; its scene is the reference. `folders` may say how many pictures each folder has."""
    file, variable = REALIGNED if (root / REALIGNED[0]).is_file() else RELEASED
    table = root / file
    scores = read_matlab(table, variable, ADVICE).flatten()
    undistorted = read_matlab(table, "orgs", ADVICE).flatten()
    references = [str(cell.item()) for cell in read_matlab(root / REFERENCES, "refnames_all", ADVICE).flatten()]
    names = [(folder, index + 1) for folder, count in (folders or FOLDERS).items() for index in range(count)]
    opened = {folder: DatasetFolder(root / folder, ADVICE) for folder in folders or FOLDERS}
    samples = []
    for (folder, index), score, copy, reference in zip(names, scores, undistorted, references, strict=True):
        if copy:
            continue
        path = opened[folder].file(f"img{index}.bmp", table)
        samples.append(Sample(path, {"mos": float(score)}, Path(reference).stem.lower()))
    return samples


LIVE = Dataset(
    name="live",
    title="LIVE release 2: 29 references, 779 pictures with five distortions",
    source="Sheikh et al. 2006; live.ece.utexas.edu/research/quality/subjective.htm",
    licence="free use with attribution (page)",
    scales={"mos": Scale(worst=100.0, best=0.0)},
    read=read,
)
