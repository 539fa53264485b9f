"""Train the deep half and the head on stored features; stop at any time and go on from the checkpoint."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from detectors.models.detection_quality.networks import STATISTICS as TRUNK_STATISTICS
from detectors.models.picture_faults.network import ANSWERS, PictureFaults, branch_statistics
from lab.training.networks.weight_averaging import WeightAverage
from lab.training.picture_faults.features import Found, select_rows
from lab.training.training_loop import Checkpointed, TrainingLoop

SMOOTHING = 0.01
ANY_WEIGHT = 2.0
LOG_EVERY = 25


@dataclass(frozen=True, slots=True)
class PictureFaultSchedule:
    """AdamW, one cycle of the learning rate, averaged weights at the end."""

    steps: int
    batch: int = 64
    peak_rate: float = 1.5e-3
    weight_decay: float = 0.03
    averaging: float = 0.995
    seed: int = 7


@dataclass(frozen=True)
class Portion:
    """One shard: what the frozen half found in its pictures, and the targets (N, kinds), -1 where unsure."""

    found: Found
    targets: NDArray[np.float32]


def initialise(network: PictureFaults, portions: Sequence[Portion]) -> None:
    """Centre and spread of the statistics as the untrained network finds them; the head's biases at the odds."""
    rows = np.arange(0, 128, 4)
    network.eval()
    with torch.inference_mode():
        found = torch.cat([network_statistics(network, *select_rows(one.found, rows)) for one in portions[:30]])
    deviation, mean = torch.std_mean(found, dim=0)
    network.centre.copy_(mean)
    network.spread.copy_(deviation.clamp_min(1e-3))
    targets = add_any_fault(torch.from_numpy(np.concatenate([one.targets for one in portions]))).numpy()
    odds = np.clip((targets == 1).sum(axis=0) / np.maximum(1, (targets >= 0).sum(axis=0)), 0.005, 0.5)
    last = network.head[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.bias.copy_(torch.from_numpy(np.log(odds / (1 - odds))))
        last.weight.mul_(0.1)


def network_statistics(network: PictureFaults, maps: Tensor, statistics: Tensor) -> Tensor:
    """(N, STATISTICS) of the stored maps and statistics: the trunk's, the branch's, the surface's."""
    branch = branch_statistics(nn.ModuleList([network.branch, network.places]), maps)
    trunk, surface = statistics[:, :TRUNK_STATISTICS], statistics[:, TRUNK_STATISTICS:]
    return torch.cat([trunk, branch, surface], dim=1)


def add_any_fault(targets: Tensor) -> Tensor:
    """(N, ANSWERS) of targets (N, kinds): any fault at all is there where one is, not there where surely none is.

    Targets (N, ANSWERS), where people said so of real pictures, stay.
    """
    if targets.shape[1] == ANSWERS:
        return targets
    anything = torch.where((targets == 1).any(dim=1), 1.0, torch.where((targets == 0).all(dim=1), 0.0, -1.0))
    return torch.cat([targets, anything[:, None]], dim=1)


def loss(logits: Tensor, kinds: Tensor) -> Tensor:
    """Cross entropy over the targets (N, kinds) that are sure, summed over a picture's answers, meaned over pictures.

    Whether there is any fault counts `ANY_WEIGHT` times.
    """
    targets = add_any_fault(kinds)
    sure = (targets >= 0).float()
    smooth = targets.clamp(0, 1) * (1 - 2 * SMOOTHING) + SMOOTHING
    each = binary_cross_entropy_with_logits(logits, smooth, reduction="none")
    each = torch.cat([each[:, :-1], ANY_WEIGHT * each[:, -1:]], dim=1)
    return (each * sure).sum() / len(targets)


def train(
    network: PictureFaults, portions: Sequence[Portion], schedule: PictureFaultSchedule, folder: Path
) -> dict[str, Tensor]:
    """Train branch and head, and return the averaged weights; goes on from the checkpoint in `folder`, if any."""
    network.trunk.requires_grad_(False)
    learning = [*network.branch.parameters(), *network.places.parameters(), *network.head.parameters()]
    groups = [
        {"params": [one for one in learning if one.ndim > 1], "weight_decay": schedule.weight_decay},
        {"params": [one for one in learning if one.ndim == 1], "weight_decay": 0.0},
    ]
    adam = AdamW(groups, lr=schedule.peak_rate)
    cycle = OneCycleLR(
        adam, schedule.peak_rate, total_steps=schedule.steps + 1, pct_start=0.08, div_factor=20, final_div_factor=200
    )
    average = WeightAverage(network, schedule.averaging)
    parts: dict[str, Checkpointed] = {"model": network, "ema": average, "opt": adam, "sched": cycle}
    loop = TrainingLoop(schedule.steps, parts, folder, checkpoint_every_s=120)
    loop.log(schedule=asdict(schedule), shards=len(portions))
    network.train()
    recent = []
    for step in loop.steps():
        rng = np.random.default_rng((schedule.seed, step))
        maps, statistics, targets = draw_batch(portions, schedule.batch, rng)
        found = network_statistics(network, maps.contiguous(memory_format=torch.channels_last), statistics)
        error = loss(network.logits(found), targets)
        adam.zero_grad(set_to_none=True)
        error.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        adam.step()
        cycle.step()
        average.follow(network, step)
        recent.append(error.item())
        if (step + 1) % LOG_EVERY == 0:
            loop.log(loss=float(np.mean(recent)), rate=cycle.get_last_lr()[0])
            recent.clear()
    return average.state


def draw_batch(portions: Sequence[Portion], count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A batch of one shape, from four shards."""
    first = portions[int(rng.integers(len(portions)))]
    shape = first.found.maps.shape[1:]
    alike = [one for one in portions if one.found.maps.shape[1:] == shape]
    chosen = [alike[int(index)] for index in rng.integers(0, len(alike), 4)]
    rows = [np.sort(rng.choice(len(one.targets), count // 4, replace=False)) for one in chosen]
    parts = [select_rows(one.found, which) for one, which in zip(chosen, rows, strict=True)]
    targets = np.concatenate([one.targets[which] for one, which in zip(chosen, rows, strict=True)])
    return torch.cat([one for one, _ in parts]), torch.cat([two for _, two in parts]), torch.from_numpy(targets)
