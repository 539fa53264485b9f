"""SGDNet learns from real pictures, resumes as if never interrupted, and its export scores like what was trained."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from detectors.models.sgdnet.detector import SgdNetDetector, from_weights
from detectors.models.sgdnet.network import Guidance
from detectors.models.sgdnet.teachers import TeacherName
from detectors.models.weights import WeightsFile, WeightsOrigin
from domain.errors import ConfigError
from lab.training.datasets.photographs.biq2021 import BIQ2021
from lab.training.pictures import score_pictures
from lab.training.recipe import TrainingJob
from lab.training.sgdnet.recipe import SGDNET, export_network
from lab.training.sgdnet.trainer import (
    BestWeights,
    TrainingRows,
    build_network,
    build_plateau,
    predict_qualities,
    train_network,
)
from lab.training.sgdnet.training_arrays import SgdNetArrays, grid_of, prepare_arrays, teacher_key
from lab.training.sgdnet.training_plan import RateSchedule, SgdNetPlan
from lab.training.training_loop import CHECKPOINT, LOG
from tests.unit.lab.training.small_biq2021 import small_biq2021

PLAN = SgdNetPlan(
    backbone="mobilenet_v2",
    teacher=TeacherName.SPECTRAL_RESIDUAL,
    height=32,
    width=64,
    batch=4,
    epochs=2,
    rate=1e-3,
    folded=True,
    scratch=True,
)
RESNET = SgdNetPlan(scratch=True)
SIDES = TrainingRows(np.arange(10), np.arange(10, 15))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_biq2021(tmp_path_factory.mktemp("biq") / "biq2021")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def learnt(data: Path, plan: SgdNetPlan, folder: Path) -> SgdNetArrays:
    return prepare_arrays(BIQ2021.read(data), BIQ2021, plan, build_network(plan, None, 7), folder)


def test_the_material_is_squashed_pictures_five_points_and_the_teachers_maps(data: Path, tmp_path: Path) -> None:
    found = learnt(data, PLAN, tmp_path)
    assert found.inputs.shape == (20, 3, 32, 64)
    assert found.inputs.dtype == np.uint8
    assert sorted({round(float(label), 3) for label in found.labels}) == [1.4, 2.2, 3.0, 3.8, 4.6]
    assert found.maps is not None
    assert found.maps.shape == (20, 1, 1, 2)
    assert 0 <= found.maps.min() < found.maps.max() <= 1
    assert learnt(data, replace(PLAN, guidance=Guidance.NONE), tmp_path).maps is None


def test_every_teacher_of_maps_has_its_own(data: Path, tmp_path: Path) -> None:
    found = {}
    for name, grey in (("sam", 51), ("dva", 204)):
        (tmp_path / name).mkdir()
        for sample in BIQ2021.read(data):
            cv2.imwrite(str(tmp_path / name / f"{sample.path.stem}.png"), np.full((8, 8), grey, np.uint8))
        plan = replace(PLAN, teacher=TeacherName.MAPS, teacher_path=tmp_path / name)
        maps = learnt(data, plan, tmp_path / "shared").maps
        assert maps is not None
        found[name] = float(np.asarray(maps, float).mean())
    assert found == pytest.approx({"sam": 0.2, "dva": 0.8}, abs=1e-3)


def test_two_weights_of_one_teacher_are_two_teachers(tmp_path: Path) -> None:
    keys = []
    for content in (b"one", b"two"):
        (tmp_path / "dinet.safetensors").write_bytes(content)
        keys.append(teacher_key(replace(PLAN, teacher=TeacherName.DINET, teacher_path=tmp_path / "dinet.safetensors")))
    assert len(set(keys)) == 2


def test_the_rate_falls_after_as_many_epochs_without_gain_as_keras_waits() -> None:
    adam = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=1e-4)
    plateau = build_plateau(adam, patience=5)
    rates = []
    for loss in (1.0, *[1.0 - 1e-6] * 5):  # a first epoch, then five that gain less than min_delta
        plateau.step(loss)
        rates.append(adam.param_groups[0]["lr"])
    assert rates == pytest.approx([1e-4] * 5 + [1e-5])


def test_batch_norms_move_at_the_pace_of_keras() -> None:
    norm = next(part for part in build_network(RESNET, None, 7).modules() if isinstance(part, torch.nn.BatchNorm2d))
    assert norm.momentum == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("backbone", "grid"), [("vgg16", (15, 15)), ("resnet50", (16, 16)), ("mobilenet_v2", (16, 16))]
)
def test_the_grid_is_the_backbones(backbone: str, grid: tuple[int, int]) -> None:
    assert grid_of(replace(PLAN, backbone=backbone, folded=False, height=500, width=500)) == grid


@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        replace(PLAN, frozen_blocks=7, schedule=RateSchedule.CYCLE, agreement=0.5, head_factor=3.0),
        replace(PLAN, guidance=Guidance.DIRECT, attention=False, folded=False),
    ],
    ids=["paper", "frozen", "direct"],
)
def test_a_resumed_training_ends_where_an_uninterrupted_one_does(data: Path, tmp_path: Path, plan: SgdNetPlan) -> None:
    found = learnt(data, plan, tmp_path)
    whole = train_network(build_network(plan, None, 7), plan, found, SIDES, tmp_path / "whole", seed=7)
    train_network(build_network(plan, None, 7), plan, found, SIDES, tmp_path / "twice", seed=7, stop_at=2)
    assert torch.load(tmp_path / "twice" / CHECKPOINT, weights_only=True)["step"] == 2
    resumed = train_network(build_network(plan, None, 7), plan, found, SIDES, tmp_path / "twice", seed=7)
    for name, value in whole.state_dict().items():
        assert torch.allclose(resumed.state_dict()[name], value, atol=1e-5), name
    lines = [json.loads(line) for line in (tmp_path / "whole" / LOG).read_text().splitlines()]
    assert lines[-1]["step"] == 6
    assert {"validation_loss", "validation_srocc", "validation_mae", "loss", "rate"} <= lines[-1].keys()


def test_frozen_blocks_keep_the_start_and_their_features_give_the_pictures_answer(data: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, frozen_blocks=7, epochs=1)
    found, start = learnt(data, plan, tmp_path), build_network(plan, None, 7).state_dict()
    assert found.holds_features
    network = train_network(build_network(plan, None, 7), plan, found, SIDES, tmp_path / "run", seed=7)
    kept = {name for name, value in network.state_dict().items() if torch.equal(value, start[name])}
    assert {name for name in start if name.startswith("backbone.features.6.")} <= kept
    assert "backbone.features.7.conv.0.0.weight" not in kept
    rows = np.arange(3)
    whole = learnt(data, PLAN, tmp_path)
    assert predict_qualities(network, plan, found, rows) == pytest.approx(
        predict_qualities(network, PLAN, whole, rows), abs=0.02
    )


def test_it_learns_that_blur_is_bad(data: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, epochs=8, folded=False, patience=50, height=64, width=64)
    network = train_network(
        build_network(plan, None, 7), plan, learnt(data, plan, tmp_path), SIDES, tmp_path / "run", seed=7
    )
    assert not network.training
    lines = [json.loads(line) for line in (tmp_path / "run" / LOG).read_text().splitlines()]
    losses = [line["loss"] for line in lines if "loss" in line]
    assert min(losses[-3:]) < 0.8 * losses[0]


def test_training_stops_when_validation_no_longer_gains_and_stays_stopped(data: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, epochs=50, stop_after=1, rate=0.5)
    found = learnt(data, plan, tmp_path)
    train_network(build_network(plan, None, 7), plan, found, SIDES, tmp_path / "run", seed=7)
    stopped = torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)["step"]
    assert stopped < 50 * 3
    train_network(build_network(plan, None, 7), plan, found, SIDES, tmp_path / "run", seed=7)
    assert torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)["step"] == stopped


def test_the_best_weights_are_those_of_the_smallest_validation_loss() -> None:
    best, network = BestWeights(), torch.nn.Linear(1, 1, bias=False)
    for value, loss in ((1.0, 0.5), (2.0, 0.2), (3.0, 0.4)):
        torch.nn.init.constant_(network.weight, value)
        best.offer(network, loss)
    assert best.weights["weight"].item() == 2.0
    assert best.epochs_since == 1


def test_the_saliency_head_is_alive_at_the_start() -> None:
    network = build_network(PLAN, None, 7)
    assert network.saliency is not None
    features = torch.rand(2, 512, 2, 3)
    assert torch.allclose(network.saliency(features), features.mean(dim=1, keepdim=True), atol=0.1)


@pytest.mark.parametrize("folded", [False, True])
def test_an_export_scores_like_the_network_trained(data: Path, tmp_path: Path, folded: bool) -> None:
    plan = replace(PLAN, folded=folded)
    network = build_network(plan, None, 7).eval()
    torch.nn.init.constant_(network.get_submodule("quality.5").bias, 3.0)  # type: ignore[arg-type]
    found = learnt(data, plan, tmp_path)
    expected = 100 * (predict_qualities(network, plan, found, np.arange(2)) - 1) / 4
    path = tmp_path / "sgdnet.safetensors"
    digest = export_network(network, plan, path)
    detector: SgdNetDetector = from_weights(WeightsFile("sgdnet", path, digest, WeightsOrigin.EXPLICIT, (path,)))
    files = [sample.path for sample in BIQ2021.read(data)[:2]]
    assert score_pictures(detector, "sgdnet_quality", files) == pytest.approx(expected, abs=0.5)


def test_the_recipe_trains_and_answers_from_end_to_end(data: Path, tmp_path: Path) -> None:
    samples = BIQ2021.read(data)
    options = {"backbone": "mobilenet_v2", "teacher": "spectral_residual", "height": "64", "width": "96"}
    options |= {"epochs": "1", "batch": "5", "folded": "yes", "scratch": "yes"}
    job = TrainingJob(BIQ2021, samples[:10], samples[10:15], tmp_path / "run", options=options)
    weights = SGDNET.train(job)
    answers = SGDNET.predict(weights, samples[15:])["mos"]
    assert answers.shape == (5,)
    assert ((answers >= 0) & (answers <= 100)).all()
    with pytest.raises(ConfigError, match="--start"):
        SGDNET.train(replace(job, options=options | {"scratch": "no"}))
    with pytest.raises(ConfigError, match="no picture to validate on"):
        SGDNET.train(replace(job, validation=[]))
