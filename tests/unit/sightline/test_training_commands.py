"""What a person types to train, to evaluate and to set our figures beside a paper's, end to end on a small data set."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import Result as Ran
from typer.testing import CliRunner

from detectors import weights
from detectors.saliency_iqa.network import SaliencyIqa
from sightline.cli import app
from tests.unit.training.saliency_iqa.checkout import checkout
from tests.unit.training.saliency_iqa.starts import drawn
from training.saliency_iqa import run as recipe

MEASURES = ("srocc", "plcc", "krcc", "rmse", "mae", "plcc_fitted", "rmse_fitted")
TINY = ("--set", "epochs=1", "--set", "batch=16", "--set", "frozen_blocks=18", "--threads", "1")


def sightline(*arguments: object) -> Ran:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return checkout(tmp_path)


def saved(path: Path) -> Path:
    """Untrained weights in the form of trained ones."""
    from safetensors.torch import save_file  # noqa: PLC0415

    torch.manual_seed(1)
    notes = {"backbone": "mobilenet_v2", "saliency": "spectral_residual", "local_weight": "0.2"}
    save_file(SaliencyIqa("mobilenet_v2", 0.2).state_dict(), path, metadata=notes)
    return path


def test_a_model_is_trained_and_then_judged_with_every_measure(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "mobilenet_v2_from_tflite", drawn)
    runs, start = tmp_path / "runs", tmp_path / "start.tflite"
    training = ("train", "saliency_iqa", "biq2021", "--data", data, "--folder", runs, "--start", start, *TINY)
    ran = sightline(*training)
    assert ran.exit_code == 0, ran.output
    trained = Path(ran.stdout.strip().splitlines()[-1])
    assert trained == runs / "saliency_iqa-biq2021" / "saliency_iqa.safetensors"

    plot = tmp_path / "scatter.png"
    judging = ("evaluate", "saliency_iqa", "biq2021", "--data", data, "--weights", trained, "--json", "--plot", plot)
    ran = sightline(*judging)
    assert ran.exit_code == 0, ran.output
    answer = json.loads(ran.stdout)
    assert (answer["model"], answer["dataset"], answer["half"], answer["score"]) == (
        "saliency_iqa",
        "biq2021",
        "validation",
        "mos",
    )
    assert answer["weights"] == weights.sha256(trained)
    assert answer["n"] == 11
    assert set(MEASURES) <= answer.keys()
    assert set(MEASURES) == answer["intervals"].keys()
    low, high = answer["intervals"]["rmse"]
    assert low <= answer["rmse"] <= high
    assert cv2.imread(str(plot)) is not None


def test_a_training_goes_on_where_it_was_and_refuses_other_settings(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "mobilenet_v2_from_tflite", drawn)
    runs, start = tmp_path / "runs", tmp_path / "start.tflite"
    training = ("train", "saliency_iqa", "biq2021", "--data", data, "--folder", runs, "--start", start, *TINY)
    assert sightline(*training).exit_code == 0
    weights_file = runs / "saliency_iqa-biq2021" / "saliency_iqa.safetensors"
    first, _ = weights.read(weights_file)
    assert sightline(*training).exit_code == 0
    again, _ = weights.read(weights_file)
    assert all(torch.equal(first[name], again[name]) for name in first)
    ran = sightline(*training, "--seed", "8")
    assert ran.exit_code == 2
    assert "choose another folder" in ran.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nonsense", "biq2021"), "no model 'nonsense'"),
        (("saliency_iqa", "nonsense"), "no data set 'nonsense'"),
        (("saliency_iqa", "csiq"), "saliency_iqa does not learn from csiq"),
        (("saliency_iqa", "biq2021"), "give --start"),
        (("saliency_iqa", "biq2021", "--set", "speed=9"), "no option 'speed'"),
        (("saliency_iqa", "biq2021", "--set", "epochs=few"), "not a number"),
        (("saliency_iqa", "biq2021", "--set", "epochs"), "expected NAME=VALUE"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(
    arguments: tuple[str, ...], told: str, tmp_path: Path, data: Path
) -> None:
    ran = sightline("train", *arguments, "--data", data, "--folder", tmp_path / "runs")
    assert ran.exit_code == 2
    assert told in ran.output
    assert not list(tmp_path.rglob("*.npy"))


def test_missing_data_are_named(tmp_path: Path) -> None:
    ran = sightline("evaluate", "saliency_iqa", "biq2021", "--data", tmp_path)
    assert ran.exit_code == 2
    assert "Train (Images and MOS).csv is missing" in ran.output


def test_evaluation_speaks_to_people_too(tmp_path: Path, data: Path) -> None:
    given = saved(tmp_path / "given.safetensors")
    ran = sightline("evaluate", "saliency_iqa", "biq2021", "--data", data, "--half", "test", "--weights", given)
    assert ran.exit_code == 0, ran.output
    lines = [line.split() for line in ran.stdout.splitlines()]
    assert [line[1] for line in lines] == [*MEASURES, "n"]
    assert lines[-1] == ["mos", "n", "8"]


def test_the_tables_are_listed_and_one_is_reproduced_beside_the_papers_figures(tmp_path: Path, data: Path) -> None:
    assert "biq2021" in sightline("reproduce", "--list").stdout
    written, plot = tmp_path / "rows.json", tmp_path / "scatter.png"
    ran = sightline(
        "reproduce", "biq2021", "--data", data.parent, "--half", "validation", "--json", written, "--plot", plot
    )
    assert ran.exit_code == 0, ran.output
    table = json.loads(written.read_text())
    assert table["half"] == "validation"
    rows = {row["name"]: row for row in table["rows"]}
    assert rows["DeepEns (an ensemble)"]["paper"] == {"srocc": 0.7922, "plcc": 0.8098}
    assert rows["DeepEns (an ensemble)"]["ours"] == {}
    ours = rows["saliency IQA, bundled"]["ours"]
    assert all(np.isfinite(ours[column]) for column in ("srocc", "plcc"))
    assert cv2.imread(str(plot)) is not None
    assert f"{ours['srocc']:.4f}" in ran.stdout


def test_reproduce_says_what_it_needs(tmp_path: Path) -> None:
    assert "give a TABLE and --data" in sightline("reproduce").output
    ran = sightline("reproduce", "nonsense", "--data", tmp_path)
    assert ran.exit_code == 2
    assert "no table 'nonsense'" in ran.output
