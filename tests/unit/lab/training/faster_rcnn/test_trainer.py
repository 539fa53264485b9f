"""The pupil starts as ImageNet left it, learns from boxes, ignores what is ignored, and ends as the network of use."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from detectors.models.faster_rcnn.mobilenet_v2_fpn import build_mobilenet_v2_fpn
from detectors.models.saliency_iqa.backbones import MobileNetV2
from lab.training.faster_rcnn.collages import CollageExample
from lab.training.faster_rcnn.pupil import FROZEN_BLOCKS, build_pupil, plain_state, without_ignored
from lab.training.faster_rcnn.trainer import PupilSchedule, to_batch, train

QUICK = PupilSchedule(steps=3, batch=2, warm_up=1)


@pytest.fixture(scope="module")
def start() -> Mapping[str, Tensor]:
    torch.manual_seed(0)
    return MobileNetV2().state_dict()


def draw(rng: np.random.Generator) -> CollageExample:
    picture = rng.integers(0, 255, (128, 128, 3), dtype=np.uint8)
    box = np.array([[20, 20, 70, 110]], np.float32)
    return CollageExample(picture, box, np.array([1]), np.array([[80, 10, 120, 60]], np.float32))


def test_ignored_boxes_are_no_examples_of_background() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10], [50, 50, 60, 60]])
    ignored = torch.tensor([[0.0, 0, 10, 6]])
    assert without_ignored(torch.tensor([0, 1, 0]), boxes, ignored).tolist() == [-1, 1, 0]
    assert without_ignored(torch.tensor([0, 1, 0]), boxes, ignored[:0]).tolist() == [0, 1, 0]


def test_the_network_of_use_computes_what_was_trained(start: Mapping[str, Tensor]) -> None:
    torch.manual_seed(1)
    pupil = build_pupil(start).eval()
    network = build_mobilenet_v2_fpn().eval()
    network.load_state_dict(plain_state(pupil.state_dict()))
    picture = torch.rand(1, 3, 96, 128)
    with torch.inference_mode():
        trunk = pupil.backbone.trunk
        assert isinstance(trunk, torch.nn.Module)
        mine = trunk(picture)
        plain = network.backbone
        assert isinstance(plain, torch.nn.Module)
        theirs = plain(picture)
    for name, maps in theirs.items():
        torch.testing.assert_close(mine[name], maps, rtol=1e-3, atol=1e-3)


def test_the_rate_rises_stays_and_falls() -> None:
    schedule = PupilSchedule(steps=1000, warm_up=100)
    assert schedule.rate(0) == pytest.approx(0.01)
    assert schedule.rate(99) == schedule.rate(649) == 1.0
    assert schedule.rate(825) == pytest.approx(0.5)
    assert schedule.rate(999) == pytest.approx(0.01)
    assert replace(schedule, steps=2000).rate(649) == 1.0, "more steps leave what was done as it was"


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(start: Mapping[str, Tensor], tmp_path: Path) -> None:
    torch.manual_seed(2)
    whole = train(build_pupil(start), draw, QUICK, tmp_path / "whole")
    torch.manual_seed(2)
    train(build_pupil(start), draw, replace(QUICK, steps=3), tmp_path / "parts", stop_at=1)
    torch.manual_seed(3)
    resumed = train(build_pupil(start), draw, QUICK, tmp_path / "parts")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_the_blocks_up_to_stride_8_keep_the_start(start: Mapping[str, Tensor], tmp_path: Path) -> None:
    torch.manual_seed(2)
    pupil = build_pupil(start)
    before = {name: value.clone() for name, value in pupil.state_dict().items()}
    train(pupil, draw, QUICK, tmp_path)
    frozen = tuple(f"backbone.trunk.body.{number}." for number in range(FROZEN_BLOCKS))
    changed = {name for name, value in pupil.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert not [name for name in changed if name.startswith(frozen)]


def test_a_batch_is_what_torchvision_takes() -> None:
    pictures, targets = to_batch([draw(np.random.default_rng(0))])
    assert pictures[0].shape == (3, 128, 128)
    assert 0 <= pictures[0].min() <= pictures[0].max() <= 1
    assert targets[0]["boxes"].shape == targets[0]["ignored"].shape == (1, 4)
