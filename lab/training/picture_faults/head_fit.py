"""The head fitted again on what the trained branch finds: many quick passes over stored statistics."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from detectors.models.detection_quality.networks import STATISTICS as TRUNK_STATISTICS
from detectors.models.picture_faults.network import BRANCH_STATISTICS, PictureFaults
from detectors.models.picture_faults.statistics import SURFACE_STATISTICS
from lab.training.picture_faults.features import select_rows
from lab.training.picture_faults.trainer import Portion, add_any_fault, loss, network_statistics

EPOCHS = 20
BATCH = 128
PEAK_RATE = 2.5e-3
WEIGHT_DECAY = 0.1
CHECK_EVERY = 400
"""Steps; the head that loses least on the pictures held out is kept."""
AT_ONCE = 32
LEFT_OUT = (0.25, 0.15, 0.15)
"""How often the trunk's, the branch's and the surface's statistics are left out of a picture: no answer may rest on
one of them alone, since cameras differ from photographs in each in another way."""


def fit_head(network: PictureFaults, training: Sequence[Portion], held_out: Sequence[Portion], seed: int = 1) -> None:
    """Fit centre, spread and head of a network whose branch stays as it is."""
    network.eval()
    statistics, targets = find_statistics(network, training)
    checked, truth = find_statistics(network, held_out)
    deviation, mean = torch.std_mean(statistics, dim=0)
    network.centre.copy_(mean)
    network.spread.copy_(deviation.clamp_min(1e-3))
    torch.manual_seed(seed)
    for layer in network.head:
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()
    steps = EPOCHS * len(statistics) // BATCH
    adam = AdamW(network.head.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    cycle = OneCycleLR(adam, PEAK_RATE, total_steps=steps + 1, pct_start=0.15)
    best, least = network.head.state_dict(), float("inf")
    for step in range(1, steps + 1):
        network.head.train()
        rows = torch.randint(0, len(statistics), (BATCH,))
        error = loss(network.logits(leave_out(statistics[rows], network.centre)), targets[rows])
        adam.zero_grad(set_to_none=True)
        error.backward()  # type: ignore[no-untyped-call]
        adam.step()
        cycle.step()
        if step % CHECK_EVERY == 0 or step == steps:
            network.head.eval()
            with torch.no_grad():
                missed = loss(network.logits(checked), truth).item()
            if missed < least:
                least, best = missed, {name: value.clone() for name, value in network.head.state_dict().items()}
    network.head.load_state_dict(best)


def leave_out(statistics: Tensor, centre: Tensor) -> Tensor:
    """`statistics` (N, STATISTICS) with some pictures' groups at their mean, which says nothing."""
    sizes = [TRUNK_STATISTICS, BRANCH_STATISTICS, SURFACE_STATISTICS]
    groups, means = torch.split(statistics, sizes, dim=1), torch.split(centre, sizes)
    kept = [torch.rand(len(statistics), 1) > often for often in LEFT_OUT]
    return torch.cat([torch.where(*one) for one in zip(kept, groups, means, strict=True)], dim=1)


def find_statistics(network: PictureFaults, portions: Sequence[Portion]) -> tuple[Tensor, Tensor]:
    """Statistics (N, STATISTICS) and targets (N, ANSWERS) of all pictures."""
    found = []
    with torch.no_grad():
        for portion in portions:
            for first in range(0, len(portion.targets), AT_ONCE):
                rows = np.arange(first, min(first + AT_ONCE, len(portion.targets)))
                found.append(network_statistics(network, *select_rows(portion.found, rows)))
    return torch.cat(found), torch.cat([add_any_fault(torch.from_numpy(portion.targets)) for portion in portions])
