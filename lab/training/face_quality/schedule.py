"""How the network is trained: the numbers, the optimiser they make, and what stays frozen."""

from dataclasses import dataclass

from torch import nn
from torch.optim import Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from detectors.models.face_quality.backbones import MobileNetV2Stages
from detectors.models.face_quality.network import Assessor

WARM_UP = 0.15
LARGEST_GRADIENT = 1.0


@dataclass(frozen=True, slots=True)
class FaceQualitySchedule:
    """One training. The paper's: Adam at a constant rate of 5e-5 for all, batch 4; it names no number of epochs.

    With `cycle` AdamW follows one cycle up to `rate`, and what starts from nothing (all but the backbones) learns
    `new_factor` times as fast. `frozen_blocks` of a MobileNetV2 keep the start's weights. `averaging` is the decay of
    the averaged weights per step, 0 for the last weights themselves. Ours: gradients are clipped to the norm
    `largest_gradient` (0: never), and `bf16` computes the forward pass in half precision.
    """

    epochs: float
    batch: int
    rate: float
    cycle: bool = False
    new_factor: float = 1.0
    frozen_blocks: int = 0
    averaging: float = 0.0
    weight_decay: float = 0.0
    largest_gradient: float = 0.0
    bf16: bool = False
    seed: int = 7

    def steps(self, faces: int) -> int:
        """Optimiser steps of the whole training on so many faces."""
        return max(1, int(self.epochs * faces // self.batch))


PAPER = FaceQualitySchedule(epochs=30, batch=4, rate=5e-5)
"""Section V-C; the number of epochs is ours."""


def build_optimiser(network: Assessor, schedule: FaceQualitySchedule, steps: int) -> tuple[Optimizer, LRScheduler]:
    """The paper's Adam, or AdamW with one cycle; frozen parameters are left out."""
    trained = [(name, tensor) for name, tensor in network.named_parameters() if tensor.requires_grad]
    if not schedule.cycle:
        adam = Adam([tensor for _, tensor in trained], lr=schedule.rate)
        return adam, LambdaLR(adam, _constant)
    started = [tensor for name, tensor in trained if ".backbone." in name]
    fresh = [tensor for name, tensor in trained if ".backbone." not in name]
    groups = [{"params": started}, {"params": fresh}]
    decayed = AdamW(groups, lr=schedule.rate, weight_decay=schedule.weight_decay)
    peaks = [schedule.rate, schedule.new_factor * schedule.rate]
    cycle = OneCycleLR(decayed, peaks, total_steps=steps + 1, pct_start=WARM_UP, div_factor=20, final_div_factor=100)
    return decayed, cycle


def freeze_blocks(network: Assessor, blocks: int) -> None:
    """Stop the gradient of the first `blocks` blocks of every MobileNetV2."""
    for module in network.modules():
        if isinstance(module, MobileNetV2Stages):
            for block in list(module.features)[:blocks]:
                _freeze_block(block)


def _freeze_block(block: nn.Module) -> None:
    for tensor in block.parameters():
        tensor.requires_grad_(False)


def _constant(_step: int) -> float:
    return 1.0
