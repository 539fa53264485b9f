"""What Jiang et al. 2026 show of SFIQA-Bench's opinions themselves: Figs. 7 and 8, and the fit of Eq. 1.

Fig. 9, by scenario, has no command: the scenarios of the pictures are not published.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detectors.models.face_quality.network import DIMENSIONS, OVERALL_WEIGHTS
from lab.training.datasets import dataset_folder, find_dataset
from lab.training.measures.correlations import plcc
from lab.training.paper_table import PaperTable, ReproductionOptions, TableResult, TableRow
from lab.training.samples import score_values

SOURCE = "Jiang et al. 2026 (arXiv 2602.07403)"
BENCH = "sfiqa-bench"
NAMES = tuple(map(str, DIMENSIONS))
EDGES = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
BINS = tuple(f"{low:g}-{high:g}" for low, high in pairwise(EDGES))
R_SQUARED = 0.9778


def read_opinions(setting: ReproductionOptions) -> NDArray[np.float64]:
    """Mean opinions (N, 6) of every picture, in the order of DIMENSIONS. Raises ConfigError where they are missing."""
    samples = find_dataset(BENCH).read(dataset_folder(BENCH, setting.data))
    return np.stack([score_values(samples, name) for name in NAMES], axis=1)


def figure_7(setting: ReproductionOptions) -> TableResult:
    """The share of pictures in each bin of half a point, by dimension; the paper draws them without numbers."""
    opinions = read_opinions(setting)
    rows = []
    for place, name in enumerate(NAMES):
        counts, _ = np.histogram(opinions[:, place], EDGES)
        shares = dict(zip(BINS, (counts / len(opinions)).tolist(), strict=True))
        rows.append(TableRow(name, ours=shares, note=f"n {len(opinions)}"))
    return TableResult(tuple(rows))


def figure_8(setting: ReproductionOptions) -> TableResult:
    """PLCC of every dimension with every other; the paper colours a matrix."""
    opinions = read_opinions(setting)
    return TableResult(
        tuple(
            TableRow(
                name,
                ours={
                    other: plcc(opinions[:, place], opinions[:, column])
                    for column, other in enumerate(NAMES)
                    if other != name
                },
                note=f"n {len(opinions)}",
            )
            for place, name in enumerate(NAMES)
        )
    )


def equation_1(setting: ReproductionOptions) -> TableResult:
    """Least squares of the overall opinion on the other five without a constant, and R squared as usual."""
    opinions = read_opinions(setting)
    parts, overall = opinions[:, :-1], opinions[:, -1]
    weights = np.linalg.lstsq(parts, overall, rcond=None)[0]
    paper = dict(zip(NAMES[:-1], OVERALL_WEIGHTS, strict=True)) | {"r_squared": R_SQUARED}
    ours = dict(zip(NAMES[:-1], weights.tolist(), strict=True)) | {
        "r_squared": explained_share(parts @ weights, overall)
    }
    published = {"r_squared": explained_share(parts @ np.array(OVERALL_WEIGHTS), overall)}
    note = f"n {len(opinions)}"
    return TableResult(
        (TableRow("fitted", paper, ours, note), TableRow("the paper's weights", {}, published, note)),
    )


def explained_share(predicted: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    """Share of the variance of labels (N,) that predictions (N,) explain; 1 at best, may be negative."""
    spread = np.square(labels - labels.mean()).sum()
    return float(1 - np.square(labels - predicted).sum() / spread)


OPINION_TABLES = (
    PaperTable("sfiqa-figure-7", "SFIQA Fig. 7: opinions by dimension", SOURCE, (BENCH,), BINS, figure_7),
    PaperTable("sfiqa-figure-8", "SFIQA Fig. 8: PLCC between dimensions", SOURCE, (BENCH,), NAMES, figure_8),
    PaperTable(
        "sfiqa-equation-1",
        "SFIQA Eq. 1: overall from the others",
        SOURCE,
        (BENCH,),
        (*NAMES[:-1], "r_squared"),
        equation_1,
    ),
)
