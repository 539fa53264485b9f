"""Surveillance IQA Table 1 on the annotated faces that can be had, and what the quality gate changes.

The paper's 286 pictures of SIQD and their face boxes were never published. Ours are the face-mask set's 201 pictures
with 225 faces, as they are and made worse; quality is the bundled saliency IQA's, put on the paper's scale of 1 to 5.
"""

import math
from collections.abc import Sequence

from detectors.models.mtcnn.weights import load_mtcnn
from detectors.models.quality_gate import QualityGate
from detectors.models.saliency_iqa.detector import IMAGE_QUALITY, load_saliency_iqa
from lab.training.augment.face_picture_degradations import degrade_in_turn
from lab.training.datasets import dataset_folder
from lab.training.datasets.faces.facemask import read_facemask
from lab.training.face_detection.matching import MatchCounts, bootstrap_counts
from lab.training.face_detection.scored_pictures import ScoredFacePicture, score_face_pictures
from lab.training.paper_table import PaperTable, ReproductionOptions, TableResult, TableRow
from lab.training.pictures import Pixels

BINS = (("[1.0, 2.5]", -math.inf, 2.5), ("(2.5, 3.5]", 2.5, 3.5), ("(3.5, 5.0]", 3.5, math.inf))
"""The paper's bins of mean opinion: name, above, up to."""
PAPER = {
    "[1.0, 2.5]": {"precision": 0.8203, "recall": 0.3477, "accuracy": 0.3231},
    "(2.5, 3.5]": {"precision": 0.7778, "recall": 0.5147, "accuracy": 0.4487},
    "(3.5, 5.0]": {"precision": 0.7200, "recall": 0.9403, "accuracy": 0.6885},
}
MEASURES = ("precision", "recall", "accuracy")
GATES = (QualityGate(IMAGE_QUALITY.key, 37.5), QualityGate(IMAGE_QUALITY.key, 62.5))
"""The product's own gate, at the borders of the bins: opinions of 2.5 and 3.5."""


def reproduce_table_1(setting: ReproductionOptions) -> TableResult:
    """Each set whole, in the paper's bins, and as the gate lets it through; no row trains or selects anything."""
    pictures = read_facemask(dataset_folder("facemask", setting.data))
    faces, quality = load_mtcnn(), load_saliency_iqa(correction=None)
    rows: list[TableRow] = []
    for name, change in (("as they are", identity), ("made worse", degrade_in_turn)):
        found = score_face_pictures(pictures, faces, quality, IMAGE_QUALITY.key, change)
        rows += table_rows(name, found, cited=change is degrade_in_turn)
    return TableResult(tuple(rows))


def identity(picture: Pixels, _: int) -> Pixels:
    """The picture itself."""
    return picture


def table_rows(name: str, found: Sequence[ScoredFacePicture], *, cited: bool) -> list[TableRow]:
    """The rows of one set; `cited` puts the paper's figures beside the bins."""
    rows = [_row(f"{name}: whole", found, {})]
    for title, above, up_to in BINS:
        members = [one for one in found if above < one.opinion <= up_to]
        rows.append(_row(f"{name}: quality {title}", members, PAPER[title] if cited else {}))
    for gate in GATES:
        let_through = pass_gate(found, gate)
        share = 1 - len(let_through) / len(found)
        rows.append(_row(f"{name}: gate at {gate.below:g}, {share:.0%} not assessed", let_through, {}))
    return rows


def pass_gate(found: Sequence[ScoredFacePicture], gate: QualityGate) -> list[ScoredFacePicture]:
    """The pictures that a gate lets through."""
    return [one for one in found if not gate.objection(None if math.isnan(one.quality) else one.quality)]


def _row(name: str, members: Sequence[ScoredFacePicture], paper: dict[str, float]) -> TableRow:
    if not members:
        return TableRow(name, paper=paper, note="no picture")
    counts = [one.counts for one in members]
    whole = sum(counts, MatchCounts())
    ours = {measure: getattr(whole, measure) for measure in MEASURES}
    low, high = bootstrap_counts(counts, "accuracy")
    size = f"n {len(members)} pictures, {whole.right + whole.missed} faces; accuracy {low:.3f} to {high:.3f}"
    return TableRow(
        name, paper=paper, ours={key: value for key, value in ours.items() if not math.isnan(value)}, note=size
    )


SURVEILLANCE_TABLE_1 = PaperTable(
    name="surveillance-table-1",
    title="Face detection (MTCNN, IoU > 0.5) at different qualities, on the face-mask set in place of SIQD",
    source="Lu et al. 2022, Table 1 (arXiv 2206.04318)",
    datasets=("facemask",),
    columns=MEASURES,
    reproduce=reproduce_table_1,
)
