"""SGDNet's tables: every published figure in its row, what was rerun beside it, what was not said to be cited."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from detectors.models.saliency_iqa.backbones import MobileNetV2
from detectors.models.sgdnet.teachers import TeacherName
from domain.errors import ConfigError
from lab.training.dataset_splits import SplitRows
from lab.training.datasets.photographs.biq2021 import BIQ2021
from lab.training.paper_table import ReproductionOptions, TableResult
from lab.training.samples import Dataset, Sample
from lab.training.sgdnet import tables
from lab.training.sgdnet.experiment import SgdNetAnswers, SgdNetExperiment, find_pretrained, plan_with_teacher
from lab.training.sgdnet.paper_figures import TABLE_2, TABLE_4, TABLE_5
from lab.training.sgdnet.training_plan import SgdNetPlan
from lab.training.training_run import claim_folder
from tests.unit.lab.training.small_biq2021 import small_biq2021

Asked = list[tuple[str, str, SgdNetPlan, Path | None]]


@pytest.fixture
def setting(tmp_path: Path) -> ReproductionOptions:
    """Data and a folder of starts, both empty but for what a test puts there."""
    for name in ("data", "starts"):
        (tmp_path / name).mkdir()
    return ReproductionOptions(tmp_path / "data", tmp_path / "runs", repetitions=2, start=tmp_path / "starts")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asked:
    """Trainings asked for, none of them run: each answers its labels, moved up by a tenth; four scenes a data set."""
    trainings: Asked = []
    samples = BIQ2021.read(small_biq2021(tmp_path / "small"))
    unsplit = [replace(sample, split=None) for sample in samples]

    def known(name: str) -> Dataset:
        return replace(BIQ2021, name=name, read=lambda _: unsplit)

    def judged(self: SgdNetExperiment, name: str, plan: SgdNetPlan, start: Path | None, seed: int = 7) -> SgdNetAnswers:
        trainings.append((self.dataset.name, name, plan, start))
        labels = np.array([self.samples[row].scores["mos"] for row in self.sides.judged])
        return SgdNetAnswers(labels + 0.1, labels)

    monkeypatch.setattr(tables, "find_dataset", known)
    monkeypatch.setattr(SgdNetExperiment, "evaluate", judged)
    return trainings


def started(setting: ReproductionOptions, *names: str) -> None:
    assert setting.start is not None
    for name in names:
        (setting.start / name).touch()


def notes(result: TableResult) -> dict[str, str]:
    return {row.name: row.note for row in result.rows}


def test_table_2_trains_ten_splits_a_data_set_at_its_size_and_cites_the_rest(
    setting: ReproductionOptions, asked: Asked
) -> None:
    started(setting, "resnet50.h5")
    result = tables.table_2(setting)
    assert len(asked) == 4 * 2
    assert {(name, plan.height, plan.width) for name, _, plan, _ in asked} == {
        ("live", 512, 768),
        ("csiq", 512, 512),
        ("tid2013", 384, 512),
        ("clive", 500, 500),
    }
    *others, ours = result.rows
    assert [row.name for row in result.rows] == list(TABLE_2)
    assert all(row.note == "cited" and not row.ours for row in others)
    assert ours.paper["clive plcc"] == 0.872
    assert ours.ours["clive plcc"] == pytest.approx(1.0)
    assert ours.note.startswith("rerun, mean of 2 splits; teacher: spectral residual, for neither")


def test_table_2_keeps_absent_data_sets_cited(
    setting: ReproductionOptions, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(setting, "resnet50.h5")
    whole: Callable[[str], Dataset] = vars(tables)["find_dataset"]

    def absent(_: Path) -> list[Sample]:
        raise ConfigError("databaserelease2 is missing")

    monkeypatch.setattr(
        tables, "find_dataset", lambda name: replace(whole(name), read=absent) if name != "clive" else whole(name)
    )
    assert set(tables.table_2(setting).rows[-1].ours) == {"clive srocc", "clive plcc"}
    monkeypatch.setattr(tables, "find_dataset", lambda name: replace(whole(name), read=absent))
    with pytest.raises(ConfigError, match="none of Table 2's data sets"):
        tables.table_2(setting)


def test_table_4_trains_every_variant_whose_backbone_has_a_start(setting: ReproductionOptions, asked: Asked) -> None:
    with pytest.raises(ConfigError, match="give --start"):
        tables.table_4(setting)
    started(setting, "resnet50.h5")
    result = tables.table_4(setting)
    assert len(result.rows) == len(TABLE_4) == 12
    assert len({name for _, name, _, _ in asked}) == 6
    assert notes(result)["SGDNet + CA, vgg16"] == "cited: no vgg16.h5 to start from"
    full = next(row for row in result.rows if row.name == "SGDNet + CA, resnet50")
    assert full.paper == {"srocc": 0.903, "plcc": 0.920, "mae": 0.1639}
    assert full.ours["mae"] == pytest.approx(0.1)
    assert full.note.startswith("rerun")


def test_table_5_reruns_the_teachers_whose_maps_are_there(setting: ReproductionOptions, asked: Asked) -> None:
    started(setting, "resnet50.h5")
    (setting.data / "maps" / "sam").mkdir(parents=True)
    result = tables.table_5(setting)
    assert notes(result) == {
        "dinet": "cited: neither its weights nor its maps are there",
        "sam": "rerun; teacher: maps of sam",
        "salgan": "cited: no maps/salgan",
        "dva": "cited: no maps/dva",
        "none": "rerun; no saliency",
        "spectral_residual": "rerun; teacher: spectral residual",
    }
    assert {row.name: row.paper.get("plcc") for row in result.rows[:-1]} == dict(TABLE_5)
    assert [plan.attention for _, _, plan, _ in asked] == [False] * 3


def test_the_teacher_is_dinet_where_its_weights_or_maps_are(setting: ReproductionOptions) -> None:
    assert plan_with_teacher(SgdNetPlan(), setting)[0].teacher is TeacherName.SPECTRAL_RESIDUAL
    (setting.data / "dinet.safetensors").touch()
    plan, note = plan_with_teacher(SgdNetPlan(), setting)
    assert (plan.teacher, plan.teacher_path, note) == (
        TeacherName.DINET,
        setting.data / "dinet.safetensors",
        "teacher: DINet",
    )
    (setting.data / "maps" / "dinet").mkdir(parents=True)
    assert plan_with_teacher(SgdNetPlan(), setting)[0].teacher is TeacherName.MAPS
    with pytest.raises(ConfigError, match="no maps of sam"):
        plan_with_teacher(SgdNetPlan(), setting, "sam")


def test_a_start_is_a_file_or_a_folder_of_them(setting: ReproductionOptions) -> None:
    assert find_pretrained(setting, "resnet50") is None
    started(setting, "resnet50.h5")
    assert setting.start is not None
    assert find_pretrained(setting, "resnet50") == setting.start / "resnet50.h5"
    assert (
        find_pretrained(replace(setting, start=setting.start / "resnet50.h5"), "vgg16") == setting.start / "resnet50.h5"
    )


def test_tables_3_and_4_run_from_pictures_to_rows(
    setting: ReproductionOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    tiny = replace(tables.REDUCED, height=32, width=64, epochs=1, batch=5, frozen_blocks=14)
    monkeypatch.setattr(tables, "REDUCED", tiny)
    small_biq2021(setting.data / "biq2021")
    start = setting.data / "mobilenet_v2.safetensors"
    save_file(MobileNetV2().state_dict(), start)
    result = tables.table_4_biq2021(replace(setting, start=start, half="validation"))
    assert [row.name for row in result.rows] == [
        f"{name}, mobilenet_v2"
        for name in ("baseline", "baseline + CA", "direct SGDNet", "direct SGDNet + CA", "SGDNet", "SGDNet + CA")
    ]
    assert all(set(row.ours) == {"srocc", "plcc", "mae"} for row in result.rows)
    assert result.note.startswith(
        "validation, n 5; paper: ResNet50 on KonIQ-10k; every training alike: mobilenet_v2, 1"
    )
    assert result.rows[0].note == "rerun"
    low, high = result.rows[-1].intervals["mae"]
    assert low <= result.rows[-1].ours["mae"] <= high
    assert result.scatters[-1].labels.shape == (5,)

    samples = [replace(sample, split=None) for sample in BIQ2021.read(setting.data / "biq2021")]
    monkeypatch.setattr(tables, "find_dataset", lambda name: replace(BIQ2021, name=name, read=lambda _: samples))
    monkeypatch.setattr(tables, "SgdNetPlan", lambda: replace(tiny, frozen_blocks=0))
    crossed = tables.table_3(replace(setting, start=start)).rows[-1]
    assert crossed.paper == {"csiq": 0.719, "tid2013": 0.532, "clive": 0.455}
    assert set(crossed.ours) == {"csiq", "tid2013", "clive"}


def test_table_4_trains_as_often_as_asked_by_the_plan_that_was_set(setting: ReproductionOptions, asked: Asked) -> None:
    started(setting, "mobilenet_v2.safetensors")
    published = [replace(sample, split="test" if row < 5 else "train") for row, sample in enumerate(_samples(setting))]
    tables_known = vars(tables)["find_dataset"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "find_dataset", lambda name: replace(tables_known(name), read=lambda _: published))
        result = tables.table_4_biq2021(replace(setting, half="validation", options={"epochs": "3"}))
    assert [name for _, name, _, _ in asked[:2]] == ["mobilenet_v2-none-seed7", "mobilenet_v2-none-seed8"]
    assert len(asked) == 6 * 2
    assert {plan.epochs for _, _, plan, _ in asked} == {3}
    assert result.rows[-1].note == "rerun; SROCC +0.000 (+0.000 to +0.000) of the baseline"
    assert result.rows[-1].intervals["mae"] == pytest.approx((0.1, 0.1))
    assert "3 epochs" in result.note
    assert "seeds 7, 8" in result.note


def test_a_training_of_another_plan_is_not_taken_for_this_one(tmp_path: Path) -> None:
    samples = BIQ2021.read(small_biq2021(tmp_path / "small"))
    rows = np.arange(5)
    campaign = SgdNetExperiment(BIQ2021, samples, SplitRows(rows, rows, rows), tmp_path / "runs")
    claim_folder(tmp_path / "runs" / "baseline", {"seed": 7})
    with pytest.raises(ConfigError, match="holds a training with"):
        campaign.evaluate("baseline", SgdNetPlan(scratch=True), None)


def _samples(setting: ReproductionOptions) -> list[Sample]:
    return BIQ2021.read(small_biq2021(setting.data / "biq2021"))
