"""The surveillance paper's tables: from pictures to rows, the paper's figures beside ours, cited rows said so."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from detectors.models.saliency_iqa.backbones import MobileNetV2
from domain.errors import ConfigError
from lab.training.datasets.photographs.biq2021 import BIQ2021
from lab.training.paper_table import ReproductionOptions
from lab.training.surveillance_iqa import experiment as campaigns
from lab.training.surveillance_iqa import tables
from lab.training.surveillance_iqa.experiment import SurveillanceAnswers, SurveillanceExperiment, open_experiment
from lab.training.surveillance_iqa.paper_figures import PROPOSED, TABLE_2, TABLE_3
from lab.training.surveillance_iqa.trainer import build_network, predict_qualities
from lab.training.surveillance_iqa.training_arrays import SurveillanceArrays
from lab.training.training_run import claim_folder
from tests.unit.lab.training.small_biq2021 import small_biq2021

LABELS = np.linspace(1.0, 5.0, 40)


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReproductionOptions:
    """A small data set without a published split, a start, and a plan that takes seconds."""
    torch.set_num_threads(1)
    (tmp_path / "data").mkdir()
    small_biq2021(tmp_path / "data" / "biq2021")
    start = tmp_path / "mobilenet_v2.safetensors"
    save_file(MobileNetV2().state_dict(), start)
    tiny = replace(campaigns.REDUCED, epochs=1, batch=5, frozen_blocks=18)
    monkeypatch.setattr(campaigns, "SurveillancePlan", lambda: tiny)
    return ReproductionOptions(tmp_path / "data", tmp_path / "runs", repetitions=2, start=start)


def without_split(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    samples = [replace(sample, split=None) for sample in BIQ2021.read(data / "biq2021")]
    monkeypatch.setattr(campaigns, "find_dataset", lambda name: replace(BIQ2021, name=name, read=lambda _: samples))


def answering(noise: float) -> list[SurveillanceAnswers]:
    generator = np.random.default_rng(int(noise * 100))
    return [SurveillanceAnswers(LABELS + noise * generator.standard_normal(40), LABELS) for _ in range(2)]


def test_table_2_reruns_the_method_and_brisque_on_every_split(
    setting: ReproductionOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_split(monkeypatch, setting.data)
    result = tables.table_2(setting, "siqd")
    assert [row.name for row in result.rows] == list(TABLE_2)
    rerun = {row.name: row for row in result.rows if row.ours}
    assert set(rerun) == {PROPOSED, "BRISQUE"}
    assert rerun[PROPOSED].paper == {"plcc_fitted": 0.9025, "srocc": 0.8973, "rmse_fitted": 0.3927}
    assert set(rerun[PROPOSED].ours) == set(rerun[PROPOSED].paper)
    assert rerun[PROPOSED].note.startswith("rerun on test, mean of 2 splits; mobilenet_v2; saliency: spectral residual")
    assert all(row.note == "cited" for row in result.rows if not row.ours)
    assert {path.name for path in (setting.runs / "surveillance-tables-siqd").iterdir() if path.is_dir()} == {
        "w0.2-split0",
        "w0.2-split1",
    }


def test_validation_never_reads_the_published_test_half(setting: ReproductionOptions) -> None:
    runs, told = open_experiment(replace(setting, half="validation"), "biq2021")
    assert len(runs.samples) == 15
    assert not any(sample.split == "test" for sample in runs.samples)
    assert told.startswith("rerun on validation, n 5, mean of 2 seeds")
    judged = runs.brisque()[0]
    assert judged.labels.shape == (5,)


def test_table_3_trains_once_for_every_weight(setting: ReproductionOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    weights: list[float] = []

    def proposed(self: SurveillanceExperiment, local_weight: float) -> list[SurveillanceAnswers]:
        weights.append(local_weight)
        return answering(0.1 + local_weight)

    monkeypatch.setattr(SurveillanceExperiment, "evaluate_proposed", proposed)
    start = setting.start.rename(setting.runs.parent / "start.tflite") if setting.start else None
    result = tables.table_3(replace(setting, start=start), "biq2021")
    assert weights == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert "one split" not in result.rows[0].note
    assert re.search(r"n 5, mean of 2 seeds.*; SROCC .+ of w = 0$", result.rows[-1].note)
    low, high = result.rows[1].intervals["srocc"]
    assert low <= result.rows[1].ours["srocc"] <= high
    assert "2 epochs, batch 32" in result.note
    assert [row.paper["srocc"] for row in result.rows] == [figures[1] for figures in TABLE_3.values()]
    assert result.rows[0].ours["rmse_fitted"] < result.rows[-1].ours["rmse_fitted"]


def test_figure_3_tells_who_is_significantly_better(
    setting: ReproductionOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = {0.0: 0.31, 1.0: 0.33, 0.2: 0.1}
    monkeypatch.setattr(SurveillanceExperiment, "evaluate_proposed", lambda self, weight=0.2: answering(noise[weight]))
    monkeypatch.setattr(SurveillanceExperiment, "brisque", lambda self: answering(1.0))
    rows = {row.name: row for row in tables.figure_3(setting, "biq2021").rows}
    assert rows[PROPOSED].ours == {"BRISQUE": 1.0, tables.GLOBAL_ONLY: 1.0, tables.LOCAL_ONLY: 1.0}
    assert rows["BRISQUE"].ours[PROPOSED] == -1.0
    assert rows[tables.GLOBAL_ONLY].ours[tables.LOCAL_ONLY] == 0.0
    assert rows[PROPOSED].paper == {"BRISQUE": 1.0}


def test_simplenets_weights_are_used_where_they_lie(setting: ReproductionOptions) -> None:
    (setting.data / "simplenet_pnasnet.pt").touch()
    runs, told = open_experiment(setting, "biq2021")
    assert runs.plan.saliency == "simplenet_pnasnet"
    assert told.endswith("saliency: SimpleNet, PNASNet")


def test_what_is_missing_is_said_first(setting: ReproductionOptions) -> None:
    with pytest.raises(ConfigError, match="give --start"):
        open_experiment(replace(setting, start=None), "biq2021")
    with pytest.raises(ConfigError, match="missing"):
        open_experiment(replace(setting, data=setting.runs), "siqd")


def test_a_branch_without_weight_is_not_computed(setting: ReproductionOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, _ = open_experiment(replace(setting, repetitions=1), "biq2021")
    for weight, unused in ((0.0, "local_branch"), (1.0, "global_branch")):
        network = build_network(replace(runs.plan, local_weight=weight), setting.start, 7)
        for tensor in getattr(network, unused).parameters():
            tensor.data.fill_(float("nan"))
        whole, window = (np.ones((2, 320, side, side), np.float16) for side in (14, 7))
        data = SurveillanceArrays(whole, window, np.ones(2, np.float32))
        answer = predict_qualities(network, replace(runs.plan, local_weight=weight), data, np.arange(2))
        assert np.isfinite(answer).all()


def test_views_kept_for_another_start_are_not_taken(setting: ReproductionOptions) -> None:
    runs, _ = open_experiment(setting, "biq2021")
    claim_folder(runs.folder, {"start": "another"})
    with pytest.raises(ConfigError, match="holds a training with"):
        runs.evaluate_proposed()
