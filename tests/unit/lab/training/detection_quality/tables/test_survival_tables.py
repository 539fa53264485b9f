import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from detectors.models.detection_quality.detectability import load_detectability
from domain.errors import ConfigError
from lab.training.augment.video_compression import SETTINGS, Pixels
from lab.training.detection_quality.tables import paper_tables
from lab.training.detection_quality.tables.films import TUD_CAMPUS
from lab.training.detection_quality.tables.heldout_eval import UNTOUCHED, HeldoutShares, predict_heldout
from lab.training.detection_quality.tables.survival_tables import DETECTABILITY_LADDERS
from lab.training.detection_quality.yolox import ObjectDetections
from lab.training.paper_table import ReproductionOptions


def portrait() -> Pixels:
    return np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]


class SeesEdges:
    """Finds two objects while the picture has strong edges."""

    name = "edges"

    def __call__(self, picture: Pixels) -> ObjectDetections:
        score = 0.9 if cv2.Laplacian(picture, cv2.CV_32F).std() > 20 else 0.1
        boxes = np.array([[0, 0, 50, 50], [60, 60, 90, 90]], np.float32)
        return ObjectDetections(boxes, np.full(2, score, np.float32), np.zeros(2, np.int64))


def pictures() -> Iterator[tuple[str, Pixels]]:
    yield "portrait", portrait()
    yield "empty", np.zeros((100, 100, 3), np.uint8)


def test_pictures_without_objects_are_left_out_and_others_judged_in_turn() -> None:
    found = predict_heldout(load_detectability(), SeesEdges(), pictures(), each=3)
    assert found.kinds == (UNTOUCHED, "defocus", "motion", "noise")
    assert set(found.scenes) == {"portrait"}
    assert (found.before[0], found.after[0]) == (2, 2)
    assert found.predicted[0] > found.predicted[1]


def test_figures_weigh_objects() -> None:
    found = HeldoutShares(np.array([0.5, 1.0]), np.array([1.0, 3.0]), np.array([0.0, 3.0]), ("a", "b"), ("s", "s"))
    figures = found.figures()
    assert figures["predicted"] == pytest.approx((0.5 + 3.0) / 4)
    assert figures["survived"] == pytest.approx(3 / 4)
    assert found.only([False, True]).figures()["objects"] == 3


def test_ladders_name_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="kodak24"):
        DETECTABILITY_LADDERS.reproduce(ReproductionOptions(tmp_path, tmp_path))


def test_detectability_falls_on_every_ladder_of_a_portrait(tmp_path: Path) -> None:
    folder = tmp_path / "images" / "kodak24"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "portrait.png"), portrait()[..., ::-1])
    rows = DETECTABILITY_LADDERS.reproduce(ReproductionOptions(tmp_path, tmp_path)).rows
    assert {row.name: row.ours["holds"] for row in rows} == dict.fromkeys(
        ("blur", "noise", "compression", "darkness", "fog"), 1.0
    )


@pytest.mark.data
def test_a_table_of_the_paper_runs_from_films_to_correlations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = os.environ.get("SIGHTLINE_DATA")
    if not root:
        pytest.skip("set SIGHTLINE_DATA to the shared data folder")
    monkeypatch.setattr(paper_tables, "UNSEEN", (TUD_CAMPUS,))
    monkeypatch.setattr(paper_tables, "EVERY", 24)
    monkeypatch.setattr(paper_tables, "VARIANTS", SETTINGS[::6])
    result = paper_tables.table_4(ReproductionOptions(Path(root), tmp_path))
    assert [row.name for row in result.rows] == ["TUD-Campus", "all"]
    assert 0.3 < result.rows[0].ours["srocc"] <= 1
    assert result.rows[1].paper["lcc"] == pytest.approx(0.490)
