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

from detectors.saliency_iqa.network import SaliencyIqa
from detectors.weights import sha256
from domain.errors import ConfigError
from training.batches import Batches
from training.loop import Loop
from training.networks.public_start import started
from training.samples import Values
from training.surveillance_iqa.material import Material
from training.surveillance_iqa.plan import Plan

JUDGED_AT_ONCE = 32
Indices = NDArray[np.int64]


def built(plan: Plan, start: Path | None, seed: int) -> SaliencyIqa:
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
        return network
    for branch in (network.global_branch, network.local_branch):
        started(branch.backbone, start)
    return network


def euclidean(predicted: Tensor, labels: Tensor) -> Tensor:
    """Equation 6 over a batch (N,). Ours: the mean of squares, whose gradient does not vanish in the square root."""
    return mse_loss(predicted, labels)


def train(
    network: SaliencyIqa,
    plan: Plan,
    data: Material,
    rows: Indices,
    folder: Path,
    *,
    seed: int,
    stop_at: int | None = None,
) -> SaliencyIqa:
    """Train `network` (from `built`) on these rows for all of the plan's epochs; goes on from a checkpoint."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).to(memory_format=torch.channels_last)
    for branch in (network.global_branch, network.local_branch):
        branch.start_at(float(data.labels[rows].mean()))
    batches = Batches(len(rows), plan.batch, seed)
    adam = Adam(network.parameters(), lr=plan.rate)
    loop = Loop(plan.epochs * batches.per_epoch, {"model": network, "optimiser": adam}, folder)
    loop.log(plan={name: str(value) for name, value in asdict(plan).items()}, training=len(rows))
    network.train()
    errors: list[float] = []
    for step in loop.steps("saliency IQA", stop_at=stop_at):
        errors.append(_step(network, plan, data, rows[batches.of(step)], adam))
        if batches.ends_epoch(step):
            loop.log(loss=float(np.mean(errors)))
            errors.clear()
    return network.eval()


def _step(network: SaliencyIqa, plan: Plan, data: Material, rows: Indices, adam: Adam) -> float:
    whole, window, labels = data.tensors(rows, next(network.parameters()).device)
    with torch.autocast(whole.device.type, torch.bfloat16, enabled=plan.bf16):
        predicted = network(whole, window)
    error = euclidean(predicted.float(), labels)
    adam.zero_grad(set_to_none=True)
    error.backward()  # type: ignore[no-untyped-call]
    adam.step()
    return error.item()


@torch.inference_mode()
def answered(network: SaliencyIqa, data: Material, rows: Indices) -> Values:
    """Quality of these rows, (N,), 0 to 1 as the labels."""
    device = next(network.parameters()).device
    starts = range(0, len(rows), JUDGED_AT_ONCE)
    views = (data.tensors(rows[start : start + JUDGED_AT_ONCE], device) for start in starts)
    return torch.cat([network(whole, window) for whole, window, _ in views]).double().cpu().numpy()


def exported(network: SaliencyIqa, plan: Plan, path: Path) -> str:
    """Write the network as published, in half precision, for the detector; returns the file's SHA-256."""
    halves = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    notes = {"backbone": plan.backbone, "saliency": plan.saliency, "local_weight": str(plan.local_weight)}
    save_file(halves, path, metadata=notes)
    return sha256(path)
