"""Train one branch; stop at any time and go on from the last checkpoint as if nothing had happened.

Every step's pictures and crops follow from (seed, step) alone, so a resumed training sees what an uninterrupted one
would have. Progress goes to a JSON-lines file beside the checkpoint.
"""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.saliency_iqa.network import Branch
from training.crops import Pixels, as_input, centre_crops, random_crops
from training.metrics import Values, plcc, srocc
from training.recipe import LARGEST_GRADIENT, Recipe, averaged, correlation, freeze, loss, optimiser

CHECKPOINT = "last.pt"
LOG = "log.jsonl"


@dataclass(frozen=True)
class TrainingSet:
    """Cached pictures (N, 512, 512, 3), their labels (N,), and which to train and to validate on."""

    pictures: Pixels
    labels: NDArray[np.float32]
    training: NDArray[np.int64]
    validation: NDArray[np.int64]


def train(
    branch: Branch,
    data: TrainingSet,
    recipe: Recipe,
    folder: Path,
    *,
    stop_at: int | None = None,
    checkpoint_every_s: float = 180.0,
) -> dict[str, Tensor]:
    """Train a folded branch and return its averaged weights; goes on from the checkpoint in `folder`, if any.

    Ends with the recipe's last step, or before step `stop_at` for a machine that is lent for a while.
    """
    folder.mkdir(parents=True, exist_ok=True)
    branch.to(memory_format=torch.channels_last)
    freeze(branch, recipe.frozen_blocks)
    run = _Run(branch, data, recipe, folder)
    saved_at = time.monotonic()
    for step, crops, labels in _batches(data, recipe, run.step):
        if step == stop_at:
            break
        run.advance(crops, labels)
        epoch_ends = (step + 1) % (len(data.training) // recipe.batch) == 0
        if epoch_ends or time.monotonic() - saved_at > checkpoint_every_s:
            run.save()
            saved_at = time.monotonic()
        if epoch_ends:
            run.log(**validated(branch, run.average, data, recipe))
    run.save()
    run.log(**validated(branch, run.average, data, recipe))
    return run.average


class _Run:
    """The state that a checkpoint holds: weights, averaged weights, optimiser, schedule and step."""

    def __init__(self, branch: Branch, data: TrainingSet, recipe: Recipe, folder: Path) -> None:
        self.branch, self.recipe, self.folder = branch, recipe, folder
        self.adam, self.cycle = optimiser(branch, recipe, recipe.steps(len(data.training)))
        self.average = {name: value.detach().clone() for name, value in branch.state_dict().items()}
        self.step = 0
        self._losses: list[tuple[float, float]] = []
        if (folder / CHECKPOINT).is_file():
            self._resume()
        self.log(recipe=asdict(recipe), training=len(data.training), validation=len(data.validation))
        torch.manual_seed(recipe.seed + self.step)
        branch.train()

    def advance(self, crops: Pixels, labels: NDArray[np.float32]) -> None:
        """One optimiser step on a batch of crops."""
        targets = torch.from_numpy(labels)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = self.branch(as_input(crops, self.recipe.view))
        predicted = predicted.float()
        error = loss(predicted, targets)
        self.adam.zero_grad(set_to_none=True)
        error.backward()  # type: ignore[no-untyped-call]
        trained = [tensor for group in self.adam.param_groups for tensor in group["params"]]
        torch.nn.utils.clip_grad_norm_(trained, LARGEST_GRADIENT)
        self.adam.step()
        self.cycle.step()
        averaged(self.average, self.branch, self.recipe.averaging, self.step)
        self.step += 1
        self._losses.append((error.item(), correlation(predicted.detach(), targets).item()))
        if self.step % 20 == 0:
            self.log(loss=float(np.mean(self._losses, axis=0)[0]), plcc=float(np.mean(self._losses, axis=0)[1]))
            self._losses.clear()

    def log(self, **facts: object) -> None:
        """Append a line to the log."""
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.step, "rate": self.cycle.get_last_lr()[0], **facts}) + "\n")

    def save(self) -> None:
        """Replace the checkpoint whole: a crash while writing keeps the old one."""
        state = {
            "model": self.branch.state_dict(),
            "ema": self.average,
            "opt": self.adam.state_dict(),
            "sched": self.cycle.state_dict(),
            "step": self.step,
        }
        partial = self.folder / f"{CHECKPOINT}.part"
        torch.save(state, partial)
        os.replace(partial, self.folder / CHECKPOINT)

    def _resume(self) -> None:
        state = torch.load(self.folder / CHECKPOINT, weights_only=True)
        self.branch.load_state_dict(state["model"])
        self.adam.load_state_dict(state["opt"])
        self.cycle.load_state_dict(state["sched"])
        self.average = state["ema"]
        self.step = state["step"]


def validated(branch: Branch, average: dict[str, Tensor], data: TrainingSet, recipe: Recipe) -> dict[str, float]:
    """Agreement of the averaged weights with people on the validation pictures' centre crops."""
    current = {name: value.clone() for name, value in branch.state_dict().items()}
    branch.load_state_dict(average)
    branch.eval()
    predicted = np.concatenate(
        [
            _predicted(
                branch, centre_crops(data.pictures, data.validation[start : start + 32], recipe.view.side), recipe
            )
            for start in range(0, len(data.validation), 32)
        ]
    )
    branch.load_state_dict(current)
    branch.train()
    labels = data.labels[data.validation].astype(np.float64)
    return {"val_srocc": srocc(predicted, labels), "val_plcc": plcc(predicted, labels)}


def _predicted(branch: Branch, crops: Pixels, recipe: Recipe) -> Values:
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        predicted: Values = branch(as_input(crops, recipe.view)).double().numpy()
    return predicted


def _batches(data: TrainingSet, recipe: Recipe, first_step: int) -> Iterator[tuple[int, Pixels, NDArray[np.float32]]]:
    """Step, crops and labels from `first_step` on, each cut while the step before it trains."""
    steps = range(first_step, recipe.steps(len(data.training)))
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = None
        for step in steps:
            ready = ahead or pool.submit(_batch, data, recipe, step)
            ahead = pool.submit(_batch, data, recipe, step + 1) if step + 1 in steps else None
            yield step, *ready.result()


def _batch(data: TrainingSet, recipe: Recipe, step: int) -> tuple[Pixels, NDArray[np.float32]]:
    epoch, place = divmod(step, len(data.training) // recipe.batch)
    order = np.random.default_rng([recipe.seed, epoch]).permutation(data.training)
    chosen = order[place * recipe.batch : (place + 1) * recipe.batch]
    generator = np.random.default_rng([recipe.seed, 1, step])
    return random_crops(data.pictures, chosen, recipe.view.side, generator), data.labels[chosen]
