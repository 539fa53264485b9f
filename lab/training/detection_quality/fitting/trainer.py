"""Training of the no-reference networks on pairs: one loop for the DCT metric's regressor and for detectability."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors.models.detection_quality.networks import MobileRegressor, PaperRegressor
from lab.training.detection_quality.fitting.objectives import Objective, split_pairs
from lab.training.detection_quality.training_pairs import PairSet
from lab.training.measures.correlations import plcc, srocc
from lab.training.networks.batch_norm_folding import fold_batch_norms
from lab.training.networks.pretrained_mobilenet import load_mobilenet_v2_tflite
from lab.training.networks.weight_averaging import WeightAverage
from lab.training.training_loop import TrainingLoop

LARGEST_GRADIENT = 5.0


@dataclass(frozen=True, slots=True)
class RegressorSchedule:
    """How one network is trained. `side` is that of the square cut from each stored picture."""

    epochs: float
    batch: int = 32
    side: int = 224
    peak_rate: float = 2e-4
    head_factor: float = 5.0
    weight_decay: float = 0.02
    averaging: float = 0.995
    optimiser: str = "adamw"
    seed: int = 7


def train_regressor(
    network: MobileRegressor | PaperRegressor,
    pairs: PairSet,
    goal: Objective,
    schedule: RegressorSchedule,
    folder: Path,
    *,
    stop_at: int | None = None,
) -> dict[str, Tensor]:
    """Train in `folder`, going on from a checkpoint there, and return the averaged weights.

    A MobileRegressor is folded first (lab/training/networks/batch_norm_folding.py) and its first convolution stays as
    it is.
    """
    training, validation = split_pairs(pairs)
    if isinstance(network, MobileRegressor):
        fold_batch_norms(network.trunk)
        network.trunk[0].requires_grad_(False)
    network.to(memory_format=torch.channels_last)
    targets = goal.targets(pairs)
    total = int(schedule.epochs * len(training) / schedule.batch)
    optimiser, cycle = _optimiser(network, schedule, total)
    average = WeightAverage(network, schedule.averaging)
    loop = TrainingLoop(total, {"model": network, "opt": optimiser, "sched": cycle, "ema": average}, folder)
    loop.log(schedule=asdict(schedule), training=len(training), validation=len(validation))
    losses: list[float] = []
    network.train()
    for step, pictures, wanted in _batches(loop.steps(stop_at=stop_at), pairs.pictures, targets, training, schedule):
        with torch.autocast("cpu", torch.bfloat16):
            answers = network(pictures)
        error = goal.loss(answers.float(), wanted)
        optimiser.zero_grad(set_to_none=True)
        error.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimiser.step()
        cycle.step()
        average.follow(network, step)
        losses.append(error.item())
        if (step + 1) % 50 == 0:
            loop.log(loss=float(np.mean(losses)))
            losses.clear()
        if (step + 1) % 300 == 0:
            loop.log(
                **validation_agreement(network, average.state, pairs, goal, chosen=validation[:600], side=schedule.side)
            )
    loop.log(**validation_agreement(network, average.state, pairs, goal, chosen=validation, side=schedule.side))
    return average.state


def validation_agreement(
    network: nn.Module,
    state: dict[str, Tensor],
    pairs: PairSet,
    goal: Objective,
    *,
    chosen: NDArray[np.int64],
    side: int,
) -> dict[str, float]:
    """Correlations of the averaged weights' answers with the labels, and the loss, on the centres of the pictures."""
    current = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(state)
    answers = predict_pairs(network, pairs.pictures, chosen, side)
    network.load_state_dict(current)
    network.train()
    targets = goal.targets(pairs)[chosen]
    labels = goal.comparable_targets(targets).astype(np.float64)
    error = goal.loss(torch.from_numpy(answers), torch.from_numpy(targets)).item()
    values = answers.astype(np.float64)
    return {"val_srocc": srocc(values, labels), "val_plcc": plcc(values, labels), "val_loss": error}


def predict_pairs(
    network: nn.Module, pictures: NDArray[np.uint8], chosen: NDArray[np.int64], side: int
) -> NDArray[np.float32]:
    """The network's plain answers (n,) on the centre `side` x `side` of the chosen pictures."""
    network.eval()
    low = (pictures.shape[1] - side) // 2
    answers = []
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(chosen), 32):
            cut = pictures[chosen[start : start + 32], low : low + side, low : low + side]
            answers.append(network(_input(cut)).float().numpy())
    return np.concatenate(answers)


def load_imagenet_trunk(network: MobileRegressor, tflite: Path) -> MobileRegressor:
    """The trunk's weights from the quantised ImageNet file; the head as it is."""
    whole = load_mobilenet_v2_tflite(tflite)
    network.trunk.load_state_dict(whole.features[: len(network.trunk)].state_dict())
    return network


def _optimiser(
    network: MobileRegressor | PaperRegressor, schedule: RegressorSchedule, total: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.OneCycleLR]:
    trained = [tensor for tensor in network.parameters() if tensor.requires_grad]
    if schedule.optimiser == "sgd":
        optimiser: torch.optim.Optimizer = torch.optim.SGD(
            trained, lr=schedule.peak_rate, momentum=0.9, weight_decay=schedule.weight_decay
        )
        peaks: float | list[float] = schedule.peak_rate
    else:
        head = {id(tensor) for name, tensor in network.named_parameters() if not name.startswith("trunk")}
        groups = [
            [tensor for tensor in trained if id(tensor) not in head],
            [tensor for tensor in trained if id(tensor) in head],
        ]
        rates = (schedule.peak_rate, schedule.peak_rate * schedule.head_factor)
        kept = [(group, rate) for group, rate in zip(groups, rates, strict=True) if group]
        optimiser = torch.optim.AdamW(
            [{"params": group, "lr": rate} for group, rate in kept], weight_decay=schedule.weight_decay
        )
        peaks = [rate for _, rate in kept]
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, peaks, total_steps=max(2, total), pct_start=0.15)


def _batches(
    steps: Iterator[int],
    pictures: NDArray[np.uint8],
    targets: NDArray[np.float32],
    training: NDArray[np.int64],
    schedule: RegressorSchedule,
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Step, pictures and targets, each cut while the step before it trains; both follow from (seed, step)."""
    make: Callable[[int], tuple[Tensor, Tensor]] = lambda step: _batch(pictures, targets, training, schedule, step)  # noqa: E731
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = None
        for step in steps:
            ready = (ahead or pool.submit(make, step)).result()
            ahead = pool.submit(make, step + 1)
            yield step, *ready


def _batch(
    pictures: NDArray[np.uint8],
    targets: NDArray[np.float32],
    training: NDArray[np.int64],
    schedule: RegressorSchedule,
    step: int,
) -> tuple[Tensor, Tensor]:
    epoch, place = divmod(step, max(1, len(training) // schedule.batch))
    order = np.random.default_rng([schedule.seed, epoch]).permutation(training)
    chosen = np.sort(order[place * schedule.batch : (place + 1) * schedule.batch])
    generator = np.random.default_rng([schedule.seed, 1, step])
    room = pictures.shape[1] - schedule.side
    cut = np.stack([_cut_patch(pictures[index], schedule.side, room, generator) for index in chosen])
    return _input(cut), torch.from_numpy(targets[chosen])


def _cut_patch(picture: NDArray[np.uint8], side: int, room: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    top, left = generator.integers(0, room + 1, size=2)
    part = picture[top : top + side, left : left + side]
    return part[:, ::-1] if generator.random() < 0.5 else part


def _input(pictures: NDArray[np.uint8] | Sequence[NDArray[np.uint8]]) -> Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return (tensor.float() / 255).contiguous(memory_format=torch.channels_last)
