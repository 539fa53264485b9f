"""The paper's backbone learns from people and from a teacher, and goes on where it stopped."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from domain.errors import ConfigError
from lab.training.saliency_iqa import distillation as module
from lab.training.saliency_iqa.distillation import SCHEDULE, distil_branch
from lab.training.samples import UNIT, Sample
from lab.training.training_loop import CHECKPOINT

ONE_STEP = replace(SCHEDULE, epochs=0.5, batch=2)


def samples(folder: Path, count: int) -> list[Sample]:
    found = []
    for index in range(count):
        path = folder / f"{index}.png"
        cv2.imwrite(str(path), np.full((512, 512, 3), 40 * index, np.uint8))
        found.append(Sample(path=path, scores={"mos": index / 10}, scene=str(index), split="train"))
    return found


def test_resnet18_learns_and_its_curve_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    asked: list[int] = []

    def taught(
        teacher: Path | None, known: list[Sample]
    ) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        asked.append(len(known))
        return {"mos": np.full(len(known), 80.0)}

    monkeypatch.setattr(module, "predict_scores", taught)
    known = samples(tmp_path, 6)
    log = distil_branch(known[:4], known[4:], UNIT, tmp_path / "run", schedule=ONE_STEP)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines[0]["training"] == 4
    assert "val_srocc" in lines[-1]
    assert np.load(tmp_path / "run" / "teacher.npy").tolist() == pytest.approx([0.8] * 4)
    state = torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)["model"]
    assert state["backbone.bn1.num_batches_tracked"] == 1
    distil_branch(known[:4], known[4:], UNIT, tmp_path / "run", schedule=ONE_STEP)
    assert asked == [4]
    (tmp_path / "run" / "pictures_512.npy").unlink()
    with pytest.raises(ConfigError, match="4 opinions, not 5"):
        distil_branch(known[:5], known[5:], UNIT, tmp_path / "run", schedule=ONE_STEP)
