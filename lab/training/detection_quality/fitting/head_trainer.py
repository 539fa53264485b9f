"""The cheap way to train a MobileRegressor: statistics of the ImageNet trunk computed once, the head learns.

A whole training of the trunk costs hours on a busy machine; this costs one look at every picture and a minute.
"""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors.models.detection_quality.networks import MobileRegressor
from detectors.models.runtime import fast_precision
from detectors.models.saliency_iqa.detector import fuse_batch_norms
from lab.training.detection_quality.fitting.objectives import Objective

BATCH = 128
FORWARD_BATCH = 16
LEAST_SPREAD = 1e-3


@dataclass(frozen=True, slots=True)
class HeadSchedule:
    """AdamW over `epochs` with a cosine, dropout in the head; the epoch with the least validation loss is kept."""

    epochs: int = 40
    rate: float = 1e-3
    weight_decay: float = 0.05
    seed: int = 7


def trunk_statistics(network: MobileRegressor, pictures: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """(n, 464) of the centre `side` x `side` of each picture (n, S, S, 3), as the network in use computes them."""
    ready = copy.deepcopy(network).eval().to(memory_format=torch.channels_last)
    fuse_batch_norms(ready.trunk).to(fast_precision())
    low = (pictures.shape[1] - side) // 2
    rows = []
    with torch.inference_mode():
        for start in range(0, len(pictures), FORWARD_BATCH):
            cut = pictures[start : start + FORWARD_BATCH, low : low + side, low : low + side]
            rgb = torch.from_numpy(np.array(cut)).permute(0, 3, 1, 2).float() / 255
            rows.append(ready.statistics(rgb.contiguous(memory_format=torch.channels_last)).numpy())
    return np.concatenate(rows)


def fit_head(
    network: MobileRegressor,
    statistics: NDArray[np.float32],
    targets: NDArray[np.float32],
    goal: Objective,
    *,
    training: NDArray[np.int64],
    validation: NDArray[np.int64],
    schedule: HeadSchedule,
) -> float:
    """Train the head on statistics (n, 464) and targets (n, k) in place; returns the least validation loss.

    Statistics are first centred and scaled as the training pictures' are.
    """
    torch.manual_seed(schedule.seed)
    inputs, wanted = torch.from_numpy(statistics), torch.from_numpy(targets)
    with torch.no_grad():
        network.centre.copy_(inputs[training].mean(dim=0))
        network.spread.copy_(inputs[training].std(dim=0).clamp_min(LEAST_SPREAD))
    adam = torch.optim.AdamW(network.head.parameters(), lr=schedule.rate, weight_decay=schedule.weight_decay)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(adam, schedule.epochs)
    best, state = float("inf"), _copy_state(network.head)
    for epoch in range(schedule.epochs):
        network.head.train()
        order = np.random.default_rng([schedule.seed, epoch]).permutation(training)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            error = goal.loss(network.answer(inputs[chosen]), wanted[chosen])
            adam.zero_grad()
            error.backward()  # type: ignore[no-untyped-call]
            adam.step()
        cosine.step()
        network.head.eval()
        with torch.inference_mode():
            held = goal.loss(network.answer(inputs[validation]), wanted[validation]).item()
        if held < best:
            best, state = held, _copy_state(network.head)
    network.head.load_state_dict(state)
    return best


def _copy_state(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}
