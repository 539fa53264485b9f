"""Train both branches together by the Euclidean loss of their weighted sum (Eq. 6), resumable at any step."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import mse_loss
from torch.optim import Adam
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from detectors.models.saliency_iqa.backbones import MobileNetV2
from detectors.models.saliency_iqa.network import Branch, SaliencyIqa
from detectors.models.weights import sha256
from domain.errors import ConfigError
from lab.training.networks.batch_norm_folding import fold_batch_norms, unfold_state
from lab.training.networks.devices import fastest_device
from lab.training.networks.pretrained import load_pretrained
from lab.training.samples import Values
from lab.training.surveillance_iqa.training_arrays import SurveillanceArrays
from lab.training.surveillance_iqa.training_plan import SurveillancePlan
from lab.training.training_loop import BatchOrder, TrainingLoop

JUDGED_AT_ONCE = 32
Indices = NDArray[np.int64]


def build_network(plan: SurveillancePlan, start: Path | None, seed: int) -> SaliencyIqa:
    """The plan's network before its first step, both backbones from the same ImageNet weights.

    Raises ConfigError where neither a start nor `scratch` is given.
    """
    torch.manual_seed(seed)
    network = SaliencyIqa(plan.backbone, plan.local_weight)
    if start is None:
        if not plan.scratch:
            raise ConfigError(
                "give --start, the backbone's ImageNet weights (docs/models/saliency.md), or --set scratch=yes"
            )
        network.local_branch.backbone.load_state_dict(network.global_branch.backbone.state_dict())
    for branch in (network.global_branch, network.local_branch):
        if start is not None:
            load_pretrained(branch.backbone, start)
        if plan.folded:
            fold_batch_norms(branch.backbone)
    return network


def euclidean_loss(predicted: Tensor, labels: Tensor) -> Tensor:
    """Equation 6 over a batch (N,). Ours: the mean of squares, whose gradient does not vanish in the square root."""
    return mse_loss(predicted, labels)


def train_network(
    network: SaliencyIqa,
    plan: SurveillancePlan,
    data: SurveillanceArrays,
    rows: Indices,
    folder: Path,
    *,
    seed: int,
    stop_at: int | None = None,
) -> SaliencyIqa:
    """Train `network` (from `build_network`) on these rows for all of the plan's epochs; goes on from a checkpoint."""
    network.to(fastest_device()).to(memory_format=torch.channels_last)
    for branch in (network.global_branch, network.local_branch):
        branch.start_at(float(data.labels[rows].mean()))
        _freeze(branch, plan)
    batches = BatchOrder(len(rows), plan.batch, seed)
    total = plan.epochs * batches.per_epoch
    adam, rates = _optimiser(network, plan, total)
    loop = TrainingLoop(total, {"model": network, "optimiser": adam, "rates": rates}, folder)
    loop.log(plan={name: str(value) for name, value in asdict(plan).items()}, training=len(rows))
    network.train()
    errors: list[float] = []
    for step in loop.steps("saliency IQA", stop_at=stop_at):
        errors.append(_step(network, plan, data, rows[batches.of(step)], adam))
        rates.step()
        if batches.ends_epoch(step):
            loop.log(loss=float(np.mean(errors)))
            errors.clear()
    return network.eval()


def _step(network: SaliencyIqa, plan: SurveillancePlan, data: SurveillanceArrays, rows: Indices, adam: Adam) -> float:
    whole, window, labels = data.tensors(rows, next(network.parameters()).device)
    with torch.autocast(whole.device.type, torch.bfloat16, enabled=plan.bf16):
        predicted = _predict(network, plan, whole, window)
    error = euclidean_loss(predicted.float(), labels)
    adam.zero_grad(set_to_none=True)
    error.backward()  # type: ignore[no-untyped-call]
    adam.step()
    return error.item()


def _predict(network: SaliencyIqa, plan: SurveillancePlan, whole: Tensor, window: Tensor) -> Tensor:
    """Quality (N,) from both views, or from what the frozen blocks made of them (Eq. 5); no weight costs no time."""
    blocks, share = plan.frozen_blocks, network.local_weight
    if share == 0:
        return _quality(network.global_branch, whole, blocks)
    if share == 1:
        return _quality(network.local_branch, window, blocks)
    local = _quality(network.local_branch, window, blocks)
    return share * local + (1 - share) * _quality(network.global_branch, whole, blocks)


def _quality(branch: Branch, seen: Tensor, blocks: int) -> Tensor:
    """A branch's answer (N,) to pictures, or from its frozen blocks on."""
    quality: Tensor
    if blocks:
        assert isinstance(branch.backbone, MobileNetV2)
        quality = branch.head(branch.backbone.features[blocks:](seen).float().mean(dim=(2, 3))).squeeze(1)
    else:
        quality = branch(seen)
    return quality


def _freeze(branch: Branch, plan: SurveillancePlan) -> None:
    if plan.frozen_blocks:
        assert isinstance(branch.backbone, MobileNetV2)
        for tensor in branch.backbone.features[: plan.frozen_blocks].parameters():
            tensor.requires_grad_(False)


def _optimiser(network: SaliencyIqa, plan: SurveillancePlan, total: int) -> tuple[Adam, LRScheduler]:
    """Adam at the paper's constant rate, or with one cycle over all steps."""
    trained = [(".head." in name, tensor) for name, tensor in network.named_parameters() if tensor.requires_grad]
    rates = (plan.rate, plan.rate * plan.head_factor)
    groups = [
        {"params": [tensor for in_head, tensor in trained if in_head is head], "lr": rate}
        for head, rate in zip((False, True), rates, strict=True)
    ]
    adam = Adam(groups)
    if not plan.cycle:
        return adam, ConstantLR(adam, factor=1.0)
    cycle = OneCycleLR(adam, list(rates), total_steps=total + 1, pct_start=0.15, div_factor=20, final_div_factor=100)
    return adam, cycle


@torch.inference_mode()
def predict_qualities(network: SaliencyIqa, plan: SurveillancePlan, data: SurveillanceArrays, rows: Indices) -> Values:
    """Quality of these rows, (N,), 0 to 1 as the labels."""
    device = next(network.parameters()).device
    starts = range(0, len(rows), JUDGED_AT_ONCE)
    views = (data.tensors(rows[start : start + JUDGED_AT_ONCE], device) for start in starts)
    return torch.cat([_predict(network, plan, whole, window) for whole, window, _ in views]).double().cpu().numpy()


def export_network(network: SaliencyIqa, plan: SurveillancePlan, path: Path) -> str:
    """Write the network as published, in half precision, for the detector; returns the file's SHA-256."""
    state = {name: value.cpu() for name, value in network.state_dict().items()}
    if plan.folded:
        state = unfold_state(state, SaliencyIqa(plan.backbone))
    halves = {
        name: (value.half() if value.is_floating_point() else value).contiguous() for name, value in state.items()
    }
    notes = {"backbone": plan.backbone, "saliency": plan.saliency, "local_weight": str(plan.local_weight)}
    save_file(halves, path, metadata=notes)
    return sha256(path)
