"""Saliency IQA as published: learns from real pictures, resumes, exports what the detector reads."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from detectors.models.saliency_iqa.detector import from_weights
from detectors.models.weights import WeightsFile, WeightsOrigin
from domain.errors import ConfigError
from lab.training.datasets.photographs.biq2021 import BIQ2021
from lab.training.pictures import score_pictures
from lab.training.recipe import TrainingJob
from lab.training.surveillance_iqa.recipe import SURVEILLANCE_IQA
from lab.training.surveillance_iqa.trainer import (
    build_network,
    euclidean_loss,
    export_network,
    predict_qualities,
    train_network,
)
from lab.training.surveillance_iqa.training_arrays import SurveillanceArrays, prepare_arrays
from lab.training.surveillance_iqa.training_plan import SurveillancePlan, apply_options
from lab.training.training_loop import CHECKPOINT, LOG
from tests.unit.lab.training.small_biq2021 import small_biq2021

PLAN = SurveillancePlan(backbone="mobilenet_v2", epochs=1, batch=2, rate=1e-3, scratch=True)
ROWS = np.arange(4)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_biq2021(tmp_path_factory.mktemp("biq") / "biq2021")


@pytest.fixture(scope="module")
def seen(data: Path, tmp_path_factory: pytest.TempPathFactory) -> SurveillanceArrays:
    return prepare_arrays(BIQ2021.read(data), BIQ2021, PLAN, tmp_path_factory.mktemp("views"))


@pytest.fixture(scope="module")
def small(seen: SurveillanceArrays) -> SurveillanceArrays:
    """The same pictures, both views cut to 32 pixels a side: quick to train on."""
    return replace(seen, whole=seen.whole[:, :, 96:128, 96:128], window=seen.window[:, :, 96:128, 96:128])


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_the_papers_plan() -> None:
    plan = SurveillancePlan()
    assert (plan.backbone, plan.local_weight, plan.epochs, plan.batch, plan.rate) == ("resnet18", 0.2, 50, 8, 1e-4)


def test_the_views_are_kept_as_codes_with_labels_from_0_to_1(seen: SurveillanceArrays) -> None:
    assert seen.whole.shape == (20, 3, 448, 448)
    assert seen.window.shape == (20, 3, 224, 224)
    assert sorted({round(float(label), 1) for label in seen.labels}) == [0.1, 0.3, 0.5, 0.7, 0.9]
    whole, window, labels = seen.tensors(np.array([3, 1]), torch.device("cpu"))
    assert whole[0, 0, 5, 7].item() == pytest.approx(float(seen.whole[3, 0, 5, 7]) / 255)
    assert window.shape == (2, 3, 224, 224)
    assert labels.tolist() == pytest.approx([seen.labels[3], seen.labels[1]])


def test_a_view_without_weight_is_not_even_made(data: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, local_weight=1.0)
    alone = prepare_arrays(BIQ2021.read(data), BIQ2021, plan, tmp_path)
    assert not (tmp_path / "whole.npy").exists()
    assert alone.whole.shape == (20, 3, 0, 0)
    assert np.isfinite(predict_qualities(build_network(plan, None, 7).eval(), plan, alone, np.arange(2))).all()


def test_the_loss_worked_by_hand() -> None:
    assert euclidean_loss(torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])).item() == pytest.approx((1 + 4) / 2)


def test_frozen_blocks_and_folded_norms_give_the_same_answers_and_only_the_rest_learns(
    data: Path, seen: SurveillanceArrays, tmp_path: Path
) -> None:
    plan = replace(PLAN, frozen_blocks=14, folded=True, cycle=True, head_factor=3.0)
    network = build_network(plan, None, 7)
    found = prepare_arrays(BIQ2021.read(data), BIQ2021, plan, tmp_path, network)
    assert found.whole.shape == (20, 96, 28, 28)
    rows = np.arange(2)
    pictures = predict_qualities(network.eval(), PLAN, seen, rows)
    assert predict_qualities(network, plan, found, rows) == pytest.approx(pictures, abs=0.01)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    train_network(network, plan, found, np.arange(4), tmp_path / "run", seed=7)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert "global_branch.backbone.features.14.conv.0.0.weight" in changed
    assert not any(".features.13." in name for name in changed)
    export_network(network, plan, tmp_path / "trained.safetensors")
    loaded = SURVEILLANCE_IQA.predict(tmp_path / "trained.safetensors", BIQ2021.read(data)[:2])["mos"]
    assert loaded == pytest.approx(100 * predict_qualities(network, plan, found, rows), abs=0.7)


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(small: SurveillanceArrays, tmp_path: Path) -> None:
    plan = replace(PLAN, epochs=2, cycle=True)
    whole = train_network(build_network(plan, None, 7), plan, small, ROWS, tmp_path / "whole", seed=7)
    train_network(build_network(plan, None, 7), plan, small, ROWS, tmp_path / "twice", seed=7, stop_at=3)
    assert torch.load(tmp_path / "twice" / CHECKPOINT, weights_only=True)["step"] == 3
    resumed = train_network(build_network(plan, None, 7), plan, small, ROWS, tmp_path / "twice", seed=7)
    for name, value in whole.state_dict().items():
        assert torch.allclose(resumed.state_dict()[name], value, atol=1e-5), name
    lines = [json.loads(line) for line in (tmp_path / "whole" / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [2, 4]


@pytest.mark.parametrize(("local_weight", "silent"), [(0.0, "local_branch"), (1.0, "global_branch")])
def test_a_branch_without_weight_does_not_learn(
    small: SurveillanceArrays, tmp_path: Path, local_weight: float, silent: str
) -> None:
    plan = replace(PLAN, local_weight=local_weight)
    network = build_network(plan, None, 7)
    before = {name: value.clone() for name, value in network.named_parameters() if not name.endswith("head.3.bias")}
    after = dict(train_network(network, plan, small, ROWS, tmp_path, seed=7).named_parameters())
    changed = {name.split(".")[0] for name, value in before.items() if not torch.equal(value, after[name])}
    assert changed == {"global_branch", "local_branch"} - {silent}


def test_an_export_scores_like_the_network_trained(data: Path, seen: SurveillanceArrays, tmp_path: Path) -> None:
    network = build_network(PLAN, None, 7).eval()
    for branch in (network.global_branch, network.local_branch):
        branch.start_at(0.5)
    path = tmp_path / "trained.safetensors"
    digest = export_network(network, PLAN, path)
    detector = from_weights(WeightsFile("saliency_iqa", path, digest, WeightsOrigin.EXPLICIT, (path,)))
    files = [sample.path for sample in BIQ2021.read(data)[:2]]
    expected = 100 * predict_qualities(network, PLAN, seen, np.arange(2))
    assert score_pictures(detector, "image_quality", files) == pytest.approx(expected, abs=0.5)


def test_the_recipe_trains_and_answers_from_end_to_end(data: Path, tmp_path: Path) -> None:
    samples = BIQ2021.read(data)
    options = {"backbone": "mobilenet_v2", "epochs": "1", "batch": "4", "scratch": "yes", "bf16": "yes"}
    job = TrainingJob(BIQ2021, samples[:4], samples[4:5], tmp_path / "run", options=options)
    weights = SURVEILLANCE_IQA.train(job)
    answers = SURVEILLANCE_IQA.predict(weights, samples[18:])["mos"]
    assert answers.shape == (2,)
    assert ((answers >= 0) & (answers <= 100)).all()
    with pytest.raises(ConfigError, match="--start"):
        SURVEILLANCE_IQA.train(replace(job, options=options | {"scratch": "no"}))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"depth": "3"}, "no option 'depth'"),
        ({"epochs": "many"}, "cannot be read"),
        ({"local_weight": "1.5"}, "must lie in 0 to 1"),
        ({"backbone": "vgg"}, "known are mobilenet_v2, resnet18"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        apply_options(SurveillancePlan(), options)
