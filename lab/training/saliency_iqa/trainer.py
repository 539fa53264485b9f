"""Train one branch; stop at any time and go on from the last checkpoint as if nothing had happened.

Every step's pictures and crops follow from (seed, step) alone, so a resumed training sees what an uninterrupted one
would have.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.models.saliency_iqa.network import Branch
from lab.training.augment.crop_degradations import degrade_crop_pair, ranking_loss
from lab.training.measures.correlations import plcc, srocc
from lab.training.networks.devices import fastest_device
from lab.training.networks.weight_averaging import WeightAverage
from lab.training.pictures import Pixels
from lab.training.saliency_iqa.crops import Corners, as_input, centre_crops, random_crops
from lab.training.saliency_iqa.schedule import (
    LARGEST_GRADIENT,
    BranchSchedule,
    batch_plcc,
    branch_loss,
    build_optimiser,
    freeze_blocks,
)
from lab.training.samples import Values
from lab.training.training_loop import Checkpointed, TrainingLoop

Labels = NDArray[np.float32]
LOG_EVERY = 20


@dataclass(frozen=True)
class TrainingSet:
    """Cached pictures (N, 512, 512, 3), labels (N,), which to train and to validate on, salient windows (N, 2)."""

    pictures: Pixels
    labels: Labels
    training: NDArray[np.int64]
    validation: NDArray[np.int64]
    windows: Corners | None = None


def train_branch(
    branch: Branch,
    data: TrainingSet,
    schedule: BranchSchedule,
    folder: Path,
    *,
    stop_at: int | None = None,
    checkpoint_every_s: float = 180.0,
) -> dict[str, Tensor]:
    """Train a folded branch and return its averaged weights; goes on from the checkpoint in `folder`, if any.

    Ends with the schedule's last step, or before step `stop_at` for a machine that is lent for a while.
    """
    device = fastest_device()
    branch.to(device).to(memory_format=torch.channels_last)
    freeze_blocks(branch, schedule.frozen_blocks)
    adam, cycle = build_optimiser(branch, schedule, schedule.steps(len(data.training)))
    average = WeightAverage(branch, schedule.averaging)
    parts: dict[str, Checkpointed] = {"model": branch, "ema": average, "opt": adam, "sched": cycle}
    loop = TrainingLoop(schedule.steps(len(data.training)), parts, folder, checkpoint_every_s=checkpoint_every_s)
    if loop.step >= loop.total:
        return average.state
    loop.log(schedule=asdict(schedule), training=len(data.training), validation=len(data.validation))
    torch.manual_seed(schedule.seed + loop.step)
    branch.train()
    recent: list[tuple[float, float]] = []
    batches = _batches(data, schedule, loop.step)
    for step in loop.steps(f"{schedule.view} branch", stop_at=stop_at):
        crops, labels = next(batches)
        shown = as_input(crops, schedule.view).to(device)
        recent.append(_step(branch, shown, torch.from_numpy(labels).to(device), adam))
        cycle.step()
        average.follow(branch, step)
        if (step + 1) % LOG_EVERY == 0:
            error, agreement = np.mean(recent, axis=0)
            loop.log(loss=float(error), plcc=float(agreement), rate=cycle.get_last_lr()[0])
            recent.clear()
        if (step + 1) % (len(data.training) // schedule.batch) == 0:
            loop.log(**validate_branch(branch, average.state, data, schedule))
    loop.log(**validate_branch(branch, average.state, data, schedule))
    return average.state


def _step(branch: Branch, crops: Tensor, targets: Tensor, adam: torch.optim.Optimizer) -> tuple[float, float]:
    """One optimiser step; its loss, and how well the predictions correlated with the labels.

    `crops` are those of `targets`, then a milder and a severer version for each of the first few.
    """
    with torch.autocast(crops.device.type, torch.bfloat16):
        predicted = branch(crops)
    labelled, rungs = predicted.float().split((len(targets), len(predicted) - len(targets)))
    error = branch_loss(labelled, targets)
    if len(rungs):
        error = error + ranking_loss(labelled[: len(rungs) // 2], rungs.view(-1, 2))
    adam.zero_grad(set_to_none=True)
    error.backward()  # type: ignore[no-untyped-call]
    trained = [tensor for group in adam.param_groups for tensor in group["params"]]
    torch.nn.utils.clip_grad_norm_(trained, LARGEST_GRADIENT)
    adam.step()
    return error.item(), batch_plcc(labelled.detach(), targets).item()


def validate_branch(
    branch: Branch, average: dict[str, Tensor], data: TrainingSet, schedule: BranchSchedule
) -> dict[str, float]:
    """Agreement of the averaged weights with people on the validation pictures' centre crops."""
    current = {name: value.clone() for name, value in branch.state_dict().items()}
    branch.load_state_dict(average)
    branch.eval()
    batches = [data.validation[start : start + 32] for start in range(0, len(data.validation), 32)]
    crops = (centre_crops(data.pictures, batch, schedule.view.side) for batch in batches)
    device = next(branch.parameters()).device
    predicted = np.concatenate([_predict(branch, as_input(crop, schedule.view).to(device)) for crop in crops])
    branch.load_state_dict(current)
    branch.train()
    labels = data.labels[data.validation].astype(np.float64)
    return {"val_srocc": srocc(predicted, labels), "val_plcc": plcc(predicted, labels)}


def _predict(branch: Branch, crops: Tensor) -> Values:
    with torch.inference_mode(), torch.autocast(crops.device.type, torch.bfloat16):
        predicted: Values = branch(crops).double().cpu().numpy()
    return predicted


def _batches(data: TrainingSet, schedule: BranchSchedule, first_step: int) -> Iterator[tuple[Pixels, Labels]]:
    """Crops and labels of each step from `first_step` on, each cut while the step before it trains."""
    steps = range(first_step, schedule.steps(len(data.training)))
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = None
        for step in steps:
            ready = ahead or pool.submit(_batch, data, schedule, step)
            ahead = pool.submit(_batch, data, schedule, step + 1) if step + 1 in steps else None
            yield ready.result()


def _batch(data: TrainingSet, schedule: BranchSchedule, step: int) -> tuple[Pixels, Labels]:
    epoch, place = divmod(step, len(data.training) // schedule.batch)
    order = np.random.default_rng([schedule.seed, epoch]).permutation(data.training)
    chosen = order[place * schedule.batch : (place + 1) * schedule.batch]
    generator = np.random.default_rng([schedule.seed, 1, step])
    crops = random_crops(
        data.pictures, chosen, schedule.view.side, generator, windows=data.windows, salient=schedule.salient
    )
    worse = [rung for crop in crops[: schedule.ladders] for rung in degrade_crop_pair(crop, generator)]
    return np.stack([*crops, *worse]), data.labels[chosen]
