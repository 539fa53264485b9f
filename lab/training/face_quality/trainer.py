"""Train the assessor on a set of faces; stop at any time and go on from the last checkpoint."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.models.face_quality.network import DIMENSIONS, VIEWS, Assessor, loss
from lab.training.face_quality.face_set import FaceSet, Labels, as_input, mirror_views
from lab.training.face_quality.schedule import FaceQualitySchedule, build_optimiser, freeze_blocks
from lab.training.measures.correlations import srocc
from lab.training.networks.devices import fastest_device
from lab.training.networks.weight_averaging import WeightAverage
from lab.training.pictures import Pixels
from lab.training.samples import Values
from lab.training.training_loop import Checkpointed, TrainingLoop

LOG_EVERY = 20
VALIDATION_BATCH = 32


def train_assessor(
    network: Assessor,
    training: FaceSet,
    validation: FaceSet,
    schedule: FaceQualitySchedule,
    folder: Path,
    *,
    stop_at: int | None = None,
    checkpoint_every_s: float = 120.0,
) -> dict[str, Tensor]:
    """Train in place and return the averaged weights, those of the last step where nothing is averaged.

    The batches of each step follow from (seed, step) alone, so a resumed training sees what an uninterrupted one would.
    """
    device = fastest_device()
    network.to(device).to(memory_format=torch.channels_last)
    freeze_blocks(network, schedule.frozen_blocks)
    steps = schedule.steps(len(training))
    adam, cycle = build_optimiser(network, schedule, steps)
    average = WeightAverage(network, schedule.averaging)
    parts: dict[str, Checkpointed] = {"model": network, "ema": average, "opt": adam, "sched": cycle}
    loop = TrainingLoop(steps, parts, folder, checkpoint_every_s=checkpoint_every_s)
    loop.log(schedule=asdict(schedule), training=len(training), validation=len(validation))
    torch.manual_seed(schedule.seed + loop.step)
    network.train()
    recent: list[float] = []
    batches = _batches(training, schedule, range(loop.step, steps))
    for step in loop.steps("face quality", stop_at=stop_at):
        views, labels = next(batches)
        recent.append(_step(network, views.to(device), labels.to(device), adam, schedule))
        cycle.step()
        average.follow(network, step)
        if (step + 1) % LOG_EVERY == 0:
            loop.log(loss=float(np.mean(recent)), rate=cycle.get_last_lr()[0])
            recent.clear()
        if (step + 1) % max(1, len(training) // schedule.batch) == 0 and len(validation):
            loop.log(**validation_agreement(network, average.state, validation))
    return average.state


def _step(
    network: Assessor, views: Tensor, labels: Tensor, adam: torch.optim.Optimizer, schedule: FaceQualitySchedule
) -> float:
    with torch.autocast(views.device.type, torch.bfloat16, enabled=schedule.bf16):
        predicted = network(_select_views(network, views))
    error = loss(predicted.float(), labels)
    adam.zero_grad(set_to_none=True)
    error.backward()  # type: ignore[no-untyped-call]
    if schedule.largest_gradient:
        trained = [tensor for group in adam.param_groups for tensor in group["params"]]
        torch.nn.utils.clip_grad_norm_(trained, schedule.largest_gradient)
    adam.step()
    return error.item()


def validation_agreement(network: Assessor, state: dict[str, Tensor], faces: FaceSet) -> dict[str, float]:
    """SROCC of each dimension that is labelled, with these weights; the network keeps its own."""
    current = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(state)
    found = predict_faces(network, faces)
    network.load_state_dict(current)
    network.train()
    labels = faces.labels.astype(np.float64)
    return {
        f"val_srocc_{name}": srocc(found[:, place], labels[:, place])
        for place, name in enumerate(DIMENSIONS)
        if not np.isnan(labels[:, place]).any()
    }


def predict_faces(network: Assessor, faces: FaceSet) -> Values:
    """The six scores (N, 6) of every face; the network is left in evaluation mode.

    In single precision: bfloat16 knows only every sixty-fourth of a point at 3.
    """
    network.eval()
    answers, device = [], next(network.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(faces), VALIDATION_BATCH):
            chosen = slice(start, start + VALIDATION_BATCH)
            views = as_input(np.asarray(faces.views[chosen]), np.asarray(faces.points[chosen]))
            answers.append(network(_select_views(network, views.to(device))).double().cpu().numpy())
    return np.concatenate(answers)


def _select_views(network: Assessor, views: Tensor) -> Tensor:
    """Of (N, 3, 3, 224, 224) the views that the network's variant looks at."""
    return views[:, [VIEWS.index(view) for view in network.variant.views]]


def _batches(faces: FaceSet, schedule: FaceQualitySchedule, steps: range) -> Iterator[tuple[Tensor, Tensor]]:
    """Views and labels of each step, each made while the step before it trains."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = None
        for step in steps:
            ready = ahead or pool.submit(_batch, faces, schedule, step)
            ahead = pool.submit(_batch, faces, schedule, step + 1) if step + 1 in steps else None
            yield ready.result()


def _batch(faces: FaceSet, schedule: FaceQualitySchedule, step: int) -> tuple[Tensor, Tensor]:
    size = min(schedule.batch, len(faces))
    epoch, place = divmod(step, len(faces) // size)
    order = np.random.default_rng([schedule.seed, epoch]).permutation(len(faces))
    chosen = np.sort(order[place * size : (place + 1) * size])
    views, points, labels = faces.views[chosen], faces.points[chosen], faces.labels[chosen]
    turned = np.random.default_rng([schedule.seed, 1, step]).random(size) < 0.5
    return as_input(*_mirror_half(views, points, turned)), torch.from_numpy(_plain(labels))


def _mirror_half(
    views: Pixels, points: NDArray[np.float32], turned: NDArray[np.bool_]
) -> tuple[Pixels, NDArray[np.float32]]:
    views, points = np.array(views), np.array(points)
    views[turned], points[turned] = mirror_views(views[turned], points[turned])
    return views, points


def _plain(labels: Labels) -> Labels:
    return np.array(labels, np.float32)
