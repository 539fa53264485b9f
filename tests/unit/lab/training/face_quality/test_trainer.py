"""A training learns, resumes as if nothing had happened, and ends in a file the detector reads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from detectors.models.face_quality.backbones import BACKBONES
from detectors.models.face_quality.network import Assessor, AssessorVariant, FaceView
from detectors.models.face_quality.weights import load_assessor
from domain.errors import ConfigError
from lab.training.face_quality.bundled_recipe import CYCLES
from lab.training.face_quality.face_set import as_input
from lab.training.face_quality.pretrained_backbones import (
    build_pretrained,
    export_weights,
    fold_backbones,
    to_plain_state,
)
from lab.training.face_quality.schedule import PAPER, FaceQualitySchedule, build_optimiser, freeze_blocks
from lab.training.face_quality.trainer import predict_faces, train_assessor
from tests.unit.lab.training.face_quality.faces import face_set

SMALL = AssessorVariant("mobilenet_v2", (FaceView.COMPACT,), finest=1)
QUICK = FaceQualitySchedule(epochs=2, batch=4, rate=1e-3, cycle=True, averaging=0.5)


def network() -> Assessor:
    torch.manual_seed(0)
    made = Assessor(SMALL)
    fold_backbones(made)
    made.fuse_early()
    return made


def test_the_papers_recipe_is_adam_at_a_constant_rate() -> None:
    adam, schedule = build_optimiser(network(), PAPER, 100)
    assert type(adam) is torch.optim.Adam
    assert (PAPER.batch, adam.param_groups[0]["lr"]) == (4, 5e-5)
    adam.step()
    schedule.step()
    assert adam.param_groups[0]["lr"] == 5e-5


def test_the_papers_recipe_clips_no_gradient_and_computes_in_full_precision() -> None:
    assert (PAPER.largest_gradient, PAPER.bf16) == (0.0, False)
    assert all((cycle.largest_gradient, cycle.bf16) == (1.0, True) for cycle in CYCLES), "what is bundled says so"


def test_frozen_blocks_keep_their_weights_and_the_rest_trains(tmp_path: Path) -> None:
    learner = network()
    before = {name: value.clone() for name, value in learner.state_dict().items()}
    train_assessor(learner, face_set(4), face_set(0), replace(QUICK, epochs=1, frozen_blocks=7), tmp_path)
    changed = {name for name, value in learner.state_dict().items() if not torch.equal(value, before[name])}
    assert not any(".features.6." in name for name in changed)
    assert any(".features.8." in name for name in changed)
    assert any("heads.5" in name for name in changed)


def test_freezing_counts_blocks_from_the_picture() -> None:
    learner = Assessor(SMALL)
    freeze_blocks(learner, 2)
    stopped = {name.split(".")[4] for name, tensor in learner.named_parameters() if not tensor.requires_grad}
    assert stopped == {"0", "1"}


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    faces, none = face_set(8), face_set(0)
    whole = train_assessor(network(), faces, none, QUICK, tmp_path / "whole")
    train_assessor(network(), faces, none, QUICK, tmp_path / "parts", stop_at=2)
    parts = train_assessor(network(), faces, none, QUICK, tmp_path / "parts")
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, atol=1e-5, rtol=1e-4, msg=name)


def test_the_exported_file_answers_as_the_folded_network_did(tmp_path: Path) -> None:
    learner, faces = network(), face_set(2)
    path = tmp_path / "trained.safetensors"
    export_weights(learner.state_dict(), SMALL, path, rated=1)
    stored = load_assessor(path)
    plain = stored.network
    assert (plain.variant, stored.rated) == (SMALL, 1)
    views = as_input(faces.views, faces.points)[:, 1:2]
    with torch.inference_mode():
        expected = learner.eval()(views)
        torch.testing.assert_close(plain.eval()(views), expected, atol=0.02, rtol=0.02)


def test_a_state_that_is_not_folded_stays_as_it_is() -> None:
    plain = Assessor(SMALL)
    state = to_plain_state(plain.state_dict(), SMALL)
    assert all(torch.equal(state[name], value) for name, value in plain.state_dict().items())


def test_predictions_do_not_depend_on_what_the_set_is_cut_into() -> None:
    learner, faces = network(), face_set(3)
    together = predict_faces(learner, faces)
    one = face_set(3)
    alone = np.concatenate(
        [predict_faces(learner, type(one)(one.views[[i]], one.points[[i]], one.labels[[i]])) for i in range(3)]
    )
    assert together == pytest.approx(alone, abs=0.05)


@pytest.mark.parametrize("prefix", ["stages.0.", "stages_0."])
def test_timms_own_weights_are_a_start_whatever_they_call_their_parts(tmp_path: Path, prefix: str) -> None:
    state = BACKBONES["edgenext_xx_small"].make().state_dict()
    value = 0.125
    named = {}
    for name, tensor in state.items():
        filled = torch.full_like(tensor, value) if tensor.is_floating_point() else tensor
        renamed = name.replace("stages_", "stages.", 1).replace("stem_", "stem.", 1)
        named[renamed if "." in prefix[:-1] else name] = filled
    named["head.fc.weight"] = torch.zeros(1)
    save_file(named, tmp_path / "edgenext.safetensors")
    started = build_pretrained(
        AssessorVariant("edgenext_xx_small", (FaceView.LOOSE,)), tmp_path / "edgenext.safetensors"
    )
    backbone = started.encoders["loose"].backbone
    assert isinstance(backbone, torch.nn.Module)
    assert all((tensor == value).all() for tensor in backbone.parameters())


def test_weights_of_another_backbone_are_no_start(tmp_path: Path) -> None:
    save_file({"conv.weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ConfigError, match="timm's weights of the same backbone"):
        build_pretrained(AssessorVariant("edgenext_xx_small", (FaceView.LOOSE,)), tmp_path / "other.safetensors")
