"""A loop that was stopped goes on where it stood, and refuses another training's checkpoint."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from domain.errors import ConfigError
from lab.training.training_loop import CHECKPOINT, LOG, TrainingLoop


class StepTally:
    """Counts, and remembers in a checkpoint."""

    def __init__(self) -> None:
        self.count = 0

    def state_dict(self) -> dict[str, Any]:
        return {"count": self.count}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        self.count = state["count"]


def ran(folder: Path, *, stop_at: int | None = None) -> tuple[list[int], StepTally]:
    tally = StepTally()
    steps = []
    for step in TrainingLoop(6, {"tally": tally}, folder).steps(stop_at=stop_at):
        steps.append(step)
        tally.count += 1
    return steps, tally


def test_a_stopped_loop_goes_on_at_the_next_step_with_its_parts(tmp_path: Path) -> None:
    assert ran(tmp_path, stop_at=4)[0] == [0, 1, 2, 3]
    steps, tally = ran(tmp_path)
    assert steps == [4, 5]
    assert tally.count == 6
    assert ran(tmp_path)[0] == []


def test_a_step_that_was_not_finished_is_done_again(tmp_path: Path) -> None:
    loop = TrainingLoop(6, {"tally": StepTally()}, tmp_path, checkpoint_every_s=0.0)
    for step in loop.steps():
        if step == 3:
            break
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["step"] == 3
    assert ran(tmp_path)[0] == [3, 4, 5]


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    TrainingLoop(1, {"model": nn.Linear(2, 1)}, tmp_path).save()
    with pytest.raises(ConfigError, match="belongs to another training"):
        TrainingLoop(1, {"model": nn.Linear(3, 1)}, tmp_path)
    with pytest.raises(ConfigError, match="belongs to another training"):
        TrainingLoop(1, {"network": nn.Linear(2, 1)}, tmp_path)


def test_the_log_tells_how_many_steps_were_begun(tmp_path: Path) -> None:
    loop = TrainingLoop(2, {}, tmp_path)
    for step in loop.steps():
        loop.log(loss=float(step))
    lines = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert lines == [{"step": 1, "loss": 0.0}, {"step": 2, "loss": 1.0}]
