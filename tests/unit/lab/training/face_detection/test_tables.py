"""Surveillance IQA Table 1: bins, gate and the paper's figures beside ours."""

from pathlib import Path

import numpy as np
import pytest

from domain.errors import ConfigError
from lab.training.augment.face_picture_degradations import DEGRADATIONS, degrade_in_turn
from lab.training.face_detection.matching import MatchCounts
from lab.training.face_detection.scored_pictures import ScoredFacePicture
from lab.training.face_detection.tables import GATES, SURVEILLANCE_TABLE_1, pass_gate, table_rows
from lab.training.paper_table import ReproductionOptions

FOUND = [
    ScoredFacePicture("poor", 37.5, MatchCounts(0, 1, 1)),
    ScoredFacePicture("fair", 62.5, MatchCounts(1, 1, 0)),
    ScoredFacePicture("good", 62.6, MatchCounts(2, 0, 0)),
    ScoredFacePicture("none", float("nan"), MatchCounts(0, 0, 1)),
]


def test_a_bin_ends_with_its_upper_opinion() -> None:
    """37.5 of 100 is 2.5 of 1 to 5, 62.5 is 3.5."""
    assert [one.opinion for one in FOUND[:3]] == pytest.approx([2.5, 3.5, 3.504])
    notes = {row.name: row.note for row in table_rows("x", FOUND, cited=True)}
    assert notes["x: whole"].startswith("n 4 pictures, 5 faces")
    assert notes["x: quality [1.0, 2.5]"].startswith("n 1 pictures, 1 faces")
    assert notes["x: quality (2.5, 3.5]"].startswith("n 1 pictures, 1 faces")
    assert notes["x: quality (3.5, 5.0]"].startswith("n 1 pictures, 2 faces")


def test_the_papers_figures_stand_beside_the_bins_alone() -> None:
    rows = table_rows("x", FOUND, cited=True)
    assert [bool(row.paper) for row in rows] == [False, True, True, True, False, False]
    assert rows[3].paper == {"precision": 0.72, "recall": 0.9403, "accuracy": 0.6885}
    assert not any(row.paper for row in table_rows("x", FOUND, cited=False))


def test_what_a_bin_cannot_say_is_left_out() -> None:
    whole, _, fair, *_, last = table_rows("x", [ScoredFacePicture("poor", 30.0, MatchCounts(0, 0, 1))], cited=False)
    assert whole.ours == {"recall": 0, "accuracy": 0}
    assert (fair.ours, fair.note) == ({}, "no picture")
    assert (last.ours, last.note) == ({}, "no picture")


def test_the_gate_lets_through_what_it_has_no_objection_to() -> None:
    """A picture of unknown quality passes, as in the product."""
    low, high = GATES
    assert [one.name for one in pass_gate(FOUND, low)] == ["poor", "fair", "good", "none"]
    assert [one.name for one in pass_gate([ScoredFacePicture("worse", 37.4, MatchCounts(0, 0, 1)), *FOUND], low)] == [
        one.name for one in FOUND
    ]
    assert [one.name for one in pass_gate(FOUND, high)] == ["fair", "good", "none"]


def test_degradations_come_in_turn_and_are_the_same_every_time() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    kinds = len(DEGRADATIONS)
    made = [degrade_in_turn(picture, number) for number in range(kinds)]
    assert all(not np.array_equal(one, picture) for one in made)
    assert all(np.array_equal(one, degrade_in_turn(picture, number)) for number, one in enumerate(made))
    assert np.array_equal(made[0], degrade_in_turn(picture, kinds))


def test_without_the_annotated_faces_it_says_so_before_anything_else(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="face-mask set"):
        SURVEILLANCE_TABLE_1.reproduce(ReproductionOptions(tmp_path, tmp_path))


@pytest.mark.data
def test_a_few_annotated_faces_make_the_table(data_folder: Path, tmp_path: Path) -> None:
    for kind, suffix in (("faces", "photo.jpg"), ("annotations", "photo.xml")):
        (tmp_path / kind / "facemask").mkdir(parents=True)
        for number in (1, 10, 11):
            name = f"{number}-{suffix}"
            (tmp_path / kind / "facemask" / name).symlink_to(data_folder / kind / "facemask" / name)
    rows = SURVEILLANCE_TABLE_1.reproduce(ReproductionOptions(tmp_path, tmp_path)).rows
    assert len(rows) == 12
    assert rows[0].note.startswith("n 3 pictures")
