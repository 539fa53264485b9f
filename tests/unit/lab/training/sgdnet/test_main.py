"""From a training's folder to bundled weights and their card."""

import json
from pathlib import Path

import cv2
import pytest
import torch
from skimage import data
from typer.testing import CliRunner

from detectors.models.weights import locate_weights, read_manifest
from lab.training.sgdnet.__main__ import app
from lab.training.sgdnet.recipe import export_network
from lab.training.sgdnet.trainer import build_network
from lab.training.sgdnet.training_plan import SgdNetPlan
from lab.training.training_loop import LOG
from lab.training.training_run import JOB

PLAN = SgdNetPlan(backbone="mobilenet_v2", height=64, width=96, scratch=True)
MEASURED = {
    "n": 1000,
    **dict.fromkeys(("srocc", "plcc", "krcc", "plcc_fitted"), 0.81234),
    **dict.fromkeys(("rmse", "mae"), 9.87),
    "intervals": {"srocc": [0.8, 0.82], "plcc": [0.8, 0.82], "rmse": [9.0, 10.0]},
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A training that ended before its first step."""
    torch.set_num_threads(1)
    folder = tmp_path / "run"
    folder.mkdir()
    export_network(build_network(PLAN, None, 7), PLAN, folder / "sgdnet.safetensors")
    plan = {name: str(getattr(PLAN, name)) for name in SgdNetPlan.__slots__}
    (folder / JOB).write_text(json.dumps({"seed": 11}), encoding="utf-8")
    (folder / LOG).write_text(json.dumps({"step": 0, "plan": plan, "training": 9000}) + "\n", encoding="utf-8")
    return folder


def invoked(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_training_is_bundled_with_its_card(run: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "weights"
    bundle.mkdir()
    invoked("bundle", str(run), "--folder", str(bundle))
    assert read_manifest(bundle)["sgdnet"].card == "sgdnet.md"
    (tmp_path / "validation.json").write_text(json.dumps(MEASURED), encoding="utf-8")
    arguments = ["--validation", str(tmp_path / "validation.json"), "--hardware", "two cores", "--minutes", "33"]
    invoked("card", str(run), *arguments, "--trained-at", "2026-11-21", "--folder", str(bundle))
    text = (bundle / "sgdnet.md").read_text(encoding="utf-8")
    assert locate_weights("sgdnet", folder=bundle).sha256 in text
    assert "| 1000 | 0.812 (0.800 to 0.820) |" in text
    assert "Trained on 9000 pictures" in text
    assert "| official test half | not judged yet |" in text
    assert "| seed | 11 |" in text
    assert "Hardware: two cores; 33 minutes." in text


def test_ladders_are_climbed_with_the_weights_given(run: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "cat.png"), data.chelsea()[:200, :240])  # type: ignore[no-untyped-call]
    sheet = tmp_path / "failures.jpg"
    arguments = ["--weights", str(run / "sgdnet.safetensors"), "--failures", str(sheet)]
    output = invoked("ladders", "--pictures", str(tmp_path / "pictures"), *arguments)
    results = json.loads(output)
    assert set(results) == {"blur", "noise", "compression", "darkness", "fog"}
    assert len(results["blur"]["mean_scores"]) == 5
    assert cv2.imread(str(sheet)) is not None
