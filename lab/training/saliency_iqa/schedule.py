"""How a branch is trained: the numbers, the loss, and the optimiser they make."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import l1_loss
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from detectors.models.saliency_iqa.backbones import ResNet18
from detectors.models.saliency_iqa.network import Branch
from lab.training.saliency_iqa.crops import CropView

WARM_UP = 0.15
LARGEST_GRADIENT = 1.0


@dataclass(frozen=True, slots=True)
class BranchSchedule:
    """One branch's training: AdamW with one learning-rate cycle over `epochs`, averaged weights at the end.

    `peak_rate` is the backbone's highest learning rate, the head's is `head_factor` times it. The first
    `frozen_blocks` of the backbone keep the start's weights. `averaging` is the decay of the averaged weights per step.
    Of `ladders` pictures in each batch two versions made worse are shown as well, which must score lower. The share
    `salient` of the crops lies near the window that the local branch will see.
    """

    view: CropView
    epochs: float
    batch: int
    peak_rate: float
    head_factor: float
    frozen_blocks: int
    averaging: float
    weight_decay: float = 0.02
    dropout: float = 0.2
    ladders: int = 0
    salient: float = 0.0
    seed: int = 7

    def steps(self, pictures: int) -> int:
        """Optimiser steps of the whole training on so many pictures."""
        return int(self.epochs * pictures // self.batch)


def branch_loss(predicted: Tensor, labels: Tensor) -> Tensor:
    """2 * L1 + (1 - PLCC) / 2 over the batch (N,): close in value, and in the right order."""
    return 2 * l1_loss(predicted, labels) + 0.5 * (1 - batch_plcc(predicted, labels))


def batch_plcc(predicted: Tensor, labels: Tensor) -> Tensor:
    """Pearson's correlation of predictions (N,) and labels (N,), a scalar in [-1, 1]; 0 for a constant."""
    left, right = predicted - predicted.mean(), labels - labels.mean()
    agreement: Tensor = (left * right).sum() / (left.norm() * right.norm() + 1e-8)
    return agreement


def build_optimiser(branch: Branch, schedule: BranchSchedule, steps: int) -> tuple[AdamW, OneCycleLR]:
    """Weight decay on weights, none on biases; a higher rate for the head, which starts from nothing."""
    trained = [(name, tensor) for name, tensor in branch.named_parameters() if tensor.requires_grad]
    head = [tensor for name, tensor in trained if name.startswith("head")]
    weights = [tensor for name, tensor in trained if not name.startswith("head") and tensor.ndim > 1]
    biases = [tensor for name, tensor in trained if not name.startswith("head") and tensor.ndim == 1]
    groups = [
        {"params": weights, "weight_decay": schedule.weight_decay},
        {"params": biases, "weight_decay": 0.0},
        {"params": head, "weight_decay": schedule.weight_decay},
    ]
    peaks = [schedule.peak_rate, schedule.peak_rate, schedule.peak_rate * schedule.head_factor]
    adam = AdamW(groups, lr=schedule.peak_rate)
    cycle = OneCycleLR(adam, peaks, total_steps=steps + 1, pct_start=WARM_UP, div_factor=20, final_div_factor=100)
    return adam, cycle


def freeze_blocks(branch: Branch, blocks: int) -> None:
    """Stop the gradient of the backbone's first `blocks` children, in the order it declares them."""
    backbone = branch.backbone
    parts = backbone if isinstance(backbone, ResNet18) else backbone.features
    for part in list(parts.children())[:blocks]:
        for tensor in part.parameters():
            tensor.requires_grad_(False)
