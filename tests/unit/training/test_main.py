"""Evaluating what is exported, from the command line, on a data set of the real one's form."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from detectors.saliency_iqa.network import Branch
from domain.errors import ConfigError
from training.__main__ import RECIPES, app
from training.biq2021 import TEST_CSV, TRAIN_CSV
from training.crops import View
from training.folding import fold


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six textures for the test half, of two sizes."""
    folder = tmp_path / "biq" / "Images"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    lines = ["Image Name,MOS"]
    for number in range(1, 7):
        size = (128, 160, 3) if number < 4 else (160, 128, 3)
        texture = generator.integers(0, 40 * number, size, dtype=np.uint8)
        cv2.imwrite(str(folder / f"ss03 ({number}).jpg"), texture)
        lines.append(f"ss03 ({number}).jpg,{number / 10}")
    (tmp_path / "biq" / TEST_CSV).write_text("\n".join(lines))
    return tmp_path / "biq"


def checkpoint(path: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    branch = Branch("mobilenet_v2")
    branch.start_at(0.5)
    fold(branch)
    torch.save({"ema": branch.state_dict()}, path)
    return path


def test_exported_weights_are_evaluated_with_every_measure(tmp_path: Path, data: Path) -> None:
    branches = [str(checkpoint(tmp_path / f"{seed}.pt", seed)) for seed in (1, 2)]
    run = CliRunner().invoke(app, ["export", *branches, "--folder", str(tmp_path)], catch_exceptions=False)
    assert run.exit_code == 0
    assert "Apache-2.0" in (tmp_path / "manifest.json").read_text()
    exported = str(tmp_path / "saliency_iqa.safetensors")
    run = CliRunner().invoke(
        app, ["evaluate", "--data", str(data), "--half", "test", "--weights", exported], catch_exceptions=False
    )
    answer = json.loads(run.stdout)
    assert answer["n"] == 6
    assert answer["model"].startswith("saliency_iqa@")
    measures = {"srocc", "plcc", "krcc", "rmse", "mae", "plcc_fitted", "rmse_fitted", "intervals"}
    assert measures <= answer.keys()
    low, high = answer["intervals"]["rmse"]
    assert low <= answer["rmse"] <= high


def test_a_branch_is_trained_from_a_start_and_can_be_exported(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 61):
        grey = np.full((512, 512, 3), 4 * number, np.uint8)
        cv2.imwrite(str(data / "Images" / f"ss01 ({number}).jpg"), grey)
    rows = "".join(f"ss01 ({number}).jpg,{number / 60},,\n" for number in range(1, 61))
    (data / TRAIN_CSV).write_text("Image Name,MOS,,\n" + rows)
    tiny = replace(RECIPES[View.LOCAL], epochs=1, batch=16, frozen_blocks=18)
    monkeypatch.setitem(RECIPES, View.LOCAL, tiny)
    start, runs = str(checkpoint(tmp_path / "start.pt", 3)), str(tmp_path / "runs")
    arguments = ["train", "local", "--data", str(data), "--folder", runs, "--start", start, "--threads", "1"]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    log = [json.loads(line) for line in (tmp_path / "runs" / "local" / "log.jsonl").read_text().splitlines()]
    assert log[0]["training"] + log[0]["validation"] == 60
    assert log[-1]["step"] == log[0]["training"] // 16
    trained = str(tmp_path / "runs" / "local" / "last.pt")
    run = CliRunner().invoke(app, ["export", trained, trained, "--folder", str(tmp_path)], catch_exceptions=False)
    assert run.exit_code == 0
    assert (tmp_path / "saliency_iqa.safetensors").is_file()


def test_training_without_a_start_is_refused(tmp_path: Path, data: Path) -> None:
    (data / TRAIN_CSV).write_text("Image Name,MOS,,\nss03 (1).jpg,0.5,,\n")
    with pytest.raises(ConfigError, match="--imagenet or --start"):
        CliRunner().invoke(
            app, ["train", "local", "--data", str(data), "--folder", str(tmp_path / "runs")], catch_exceptions=False
        )
