"""A branch learns, resumes as if never interrupted, and its export scores like the branch."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from detectors.models.saliency_iqa.detector import from_weights
from detectors.models.saliency_iqa.network import Branch
from detectors.models.weights import ManifestEntry, locate_weights
from lab.training.bundle import record_in_manifest
from lab.training.networks.batch_norm_folding import fold_batch_norms
from lab.training.networks.weight_averaging import averaged_weights
from lab.training.saliency_iqa.crops import CropView
from lab.training.saliency_iqa.export import export_weights
from lab.training.saliency_iqa.schedule import BranchSchedule, batch_plcc, branch_loss
from lab.training.saliency_iqa.trainer import TrainingSet, train_branch
from lab.training.training_loop import CHECKPOINT, LOG

SCHEDULE = BranchSchedule(
    view=CropView.LOCAL, epochs=2, batch=2, peak_rate=1e-3, head_factor=3, frozen_blocks=16, averaging=0.5, dropout=0.0
)


def brightness() -> TrainingSet:
    """Flat pictures whose label is their brightness."""
    labels = np.linspace(0.1, 0.9, 6, dtype=np.float32)
    pictures = np.empty((6, 512, 512, 3), np.uint8)
    pictures[:] = (255 * labels).astype(np.uint8)[:, None, None, None]
    return TrainingSet(pictures, labels, np.arange(4), np.arange(4, 6))


def folded_branch() -> Branch:
    torch.manual_seed(0)
    branch = Branch("mobilenet_v2")
    fold_batch_norms(branch)
    return branch


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    whole = train_branch(folded_branch(), brightness(), SCHEDULE, tmp_path / "whole")

    train_branch(folded_branch(), brightness(), SCHEDULE, tmp_path / "twice", stop_at=2)
    assert torch.load(tmp_path / "twice" / CHECKPOINT, weights_only=True)["step"] == 2
    resumed = train_branch(folded_branch(), brightness(), SCHEDULE, tmp_path / "twice")
    assert torch.load(tmp_path / "twice" / CHECKPOINT, weights_only=True)["step"] == 4
    for name, value in whole.items():
        assert torch.allclose(resumed[name], value, atol=1e-5), name


def test_ladders_join_the_batches_and_change_what_is_learned(tmp_path: Path) -> None:
    one = replace(SCHEDULE, epochs=0.5)
    plain = train_branch(folded_branch(), brightness(), one, tmp_path / "plain")
    ordered = train_branch(folded_branch(), brightness(), replace(one, ladders=2), tmp_path / "ordered")
    again = train_branch(folded_branch(), brightness(), replace(one, ladders=2), tmp_path / "again")
    assert not torch.equal(plain["head.1.weight"], ordered["head.1.weight"])
    assert torch.allclose(ordered["head.1.weight"], again["head.1.weight"], atol=1e-6)


def test_the_log_tells_the_schedule_and_validation(tmp_path: Path) -> None:
    train_branch(folded_branch(), brightness(), replace(SCHEDULE, epochs=1), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert lines[0]["schedule"]["peak_rate"] == 1e-3
    assert {"step", "val_srocc", "val_plcc"} == lines[-1].keys()
    assert lines[-1]["step"] == 2


def test_the_loss_is_the_formula_worked_with_scipy() -> None:
    predicted, labels = torch.tensor([0.1, 0.5, 0.4, 0.9]), torch.tensor([0.2, 0.3, 0.6, 0.8])
    expected_plcc = stats.pearsonr(predicted, labels).statistic
    assert batch_plcc(predicted, labels).item() == pytest.approx(expected_plcc, abs=1e-6)
    expected = 2 * (0.1 + 0.2 + 0.2 + 0.1) / 4 + 0.5 * (1 - expected_plcc)
    assert branch_loss(predicted, labels).item() == pytest.approx(expected, abs=1e-6)


def test_an_exported_model_is_found_and_scores_like_its_branches(tmp_path: Path) -> None:
    average = train_branch(folded_branch(), brightness(), replace(SCHEDULE, epochs=1), tmp_path / "run")
    assert averaged_weights(tmp_path / "run" / CHECKPOINT).keys() == average.keys()
    digest = export_weights(
        average,
        average,
        tmp_path / "m.safetensors",
        backbone="mobilenet_v2",
        saliency="spectral_residual",
    )
    record_in_manifest("saliency_iqa", ManifestEntry("m.safetensors", digest, "test"), tmp_path)
    detector = from_weights(locate_weights("saliency_iqa", folder=tmp_path))
    assert detector.fingerprint == f"saliency_iqa@{digest[:12]}"


def test_several_checkpoints_are_averaged(tmp_path: Path) -> None:
    for name, value in (("a.pt", 1.0), ("b.pt", 3.0)):
        torch.save({"ema": {"weight": torch.tensor([value])}}, tmp_path / name)
    assert averaged_weights(tmp_path / "a.pt", tmp_path / "b.pt")["weight"].item() == pytest.approx(2.0)
