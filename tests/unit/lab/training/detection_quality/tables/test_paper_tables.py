from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from detectors.models.detection_quality.dct_metric import READING, READINGS
from detectors.models.faster_rcnn.variants import VARIANTS, build_network
from detectors.models.pictures import Pictures
from detectors.models.weights import WeightsAbsent
from domain.errors import ConfigError
from lab.training.detection_quality.tables import paper_tables
from lab.training.detection_quality.tables.paper_tables import (
    FASTER_RCNN,
    PAPERS_FEATURES,
    build_measures,
    find_weights_places,
    load_detectors,
)
from lab.training.paper_table import ReproductionOptions
from lab.training.table_catalogue import TABLES

SMALLEST = "fasterrcnn_mobilenet_v3_large_320_fpn"


@pytest.fixture
def weights_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.safetensors"
    save_file(build_network(VARIANTS[SMALLEST]).state_dict(), path, metadata={"variant": SMALLEST})
    return path


def setting(data: Path, **options: str) -> ReproductionOptions:
    return ReproductionOptions(data, data / "runs", options=options)


def test_the_tables_take_the_weights_of_faster_rcnn_by_path(
    weights_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_tables, "YoloxNano", lambda path: path)
    places = find_weights_places(setting(tmp_path, faster_rcnn=str(weights_file)))
    _, detector = load_detectors(tmp_path, places)
    assert SMALLEST in detector.name, "what it finds is kept under a name that tells the weights apart"
    assert "/" not in detector.name


def test_official_files_are_looked_for_among_the_reference_models(tmp_path: Path) -> None:
    assert find_weights_places(setting(tmp_path)).downloads == tmp_path / "reference-models"


def test_a_path_without_a_file_is_an_error_not_a_missing_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_tables, "YoloxNano", lambda path: path)
    with pytest.raises(WeightsAbsent, match="no file at"):
        load_detectors(tmp_path, find_weights_places(setting(tmp_path, faster_rcnn=str(tmp_path / "none.pth"))))


def test_the_metric_is_computed_from_the_papers_own_features_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "resnet.safetensors"
    save_file({"backbone.body.conv1.weight": torch.randn(64, 3, 7, 7)}, path, metadata={"variant": SMALLEST})
    measures = build_measures(find_weights_places(setting(tmp_path, faster_rcnn=str(path))))
    pictures = Pictures.from_rgb(torch.rand(1, 3, 64, 64))
    found = {name for measure in measures.values() for name in measure(pictures, pictures)}
    assert {READING, *(f"{PAPERS_FEATURES}{name}" for name in READINGS)} <= found


def test_another_option_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=FASTER_RCNN):
        find_weights_places(setting(tmp_path, epochs="3"))


def test_every_table_says_what_data_it_needs() -> None:
    assert [table.name for table in TABLES.values() if not table.datasets] == []
