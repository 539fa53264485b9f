"""The cheap way to train a MobileRegressor: statistics of the ImageNet trunk computed once, the head learns.

A whole training of the trunk costs hours on a busy machine; this costs one look at every picture and a minute.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors.detection_quality.networks import MobileRegressor
from training.detection_quality.goals import Goal

BATCH = 128
LEAST_SPREAD = 1e-3


@dataclass(frozen=True, slots=True)
class HeadSchedule:
    """AdamW over `epochs` with a cosine, dropout in the head; the epoch with the least validation loss is kept."""

    epochs: int = 60
    rate: float = 1e-3
    weight_decay: float = 0.05
    seed: int = 7


def fit_head(
    network: MobileRegressor,
    statistics: NDArray[np.float32],
    targets: NDArray[np.float32],
    goal: Goal,
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
    best, state = float("inf"), _copied(network.head)
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
            best, state = held, _copied(network.head)
    network.head.load_state_dict(state)
    return best


def _copied(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}
