"""Train one SGDNet; stop at any time and go on from the last checkpoint as if nothing had happened.

The weights kept are those with the smallest loss on validation pictures, which the paper does not carve (its code
selects on the test pictures).
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Adam, AdamW
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau

from detectors.models.saliency_iqa.backbones import MobileNetV2
from detectors.models.sgdnet.network import Guidance, Prediction, SgdNet, loss
from domain.errors import ConfigError
from lab.training.measures.correlations import mae, plcc, srocc
from lab.training.networks.batch_norm_folding import fold_batch_norms
from lab.training.networks.devices import fastest_device
from lab.training.networks.pretrained import load_pretrained
from lab.training.samples import Values
from lab.training.sgdnet.training_arrays import SgdNetArrays
from lab.training.sgdnet.training_plan import Precision, RateSchedule, SgdNetPlan
from lab.training.training_loop import BatchOrder, Checkpointed, TrainingLoop

SMALLEST_RATE = 1e-7
LEAST_GAIN = 1e-4
"""Keras's `min_delta`: a smaller fall of the loss is none."""
WEIGHT_DECAY = 0.02
WARM_UP = 0.15
LARGEST_GRADIENT = 1.0
JUDGED_AT_ONCE = 64
Indices = NDArray[np.int64]


class BestWeights:
    """The weights of the epoch with the smallest validation loss, and how many epochs ago that was."""

    def __init__(self) -> None:
        self.loss = float("inf")
        self.epochs_since = 0
        self.weights: dict[str, Tensor] = {}

    def offer(self, network: nn.Module, measured: float) -> None:
        """Take the network's weights where their loss is smaller than any before."""
        self.epochs_since += 1
        if measured < self.loss:
            self.loss, self.epochs_since = measured, 0
            self.weights = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}

    def state_dict(self) -> dict[str, Any]:
        return {"loss": self.loss, "epochs_since": self.epochs_since, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        self.loss, self.epochs_since, self.weights = state["loss"], state["epochs_since"], state["weights"]


@dataclass(frozen=True)
class TrainingRows:
    """Rows to train on, and to validate on after each epoch."""

    training: Indices
    validation: Indices


def build_network(plan: SgdNetPlan, start: Path | None, seed: int) -> SgdNet:
    """The plan's network before its first step: the backbone from `start`, the rest as Keras initialises it.

    Ours: the saliency head starts as the mean of the features, because with random signs it may answer 0 for every
    picture and then never learns. Raises ConfigError where neither a start nor `scratch` is given.
    """
    torch.manual_seed(seed)
    network = SgdNet(plan.variant)
    if start is not None:
        load_pretrained(network.backbone, start)
    elif not plan.scratch:
        raise ConfigError("give --start, the backbone's ImageNet weights (docs/models/sgdnet.md), or --set scratch=yes")
    if plan.folded:
        fold_batch_norms(network.backbone)
    for part in (network.adaption, network.channel_attention, network.quality):
        for layer in part.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
    if network.saliency is not None:
        head = network.saliency[0]
        assert isinstance(head, nn.Conv2d)
        nn.init.uniform_(head.weight, 0.0, 2.0 / head.in_channels)
    return network


def train_network(
    network: SgdNet,
    plan: SgdNetPlan,
    data: SgdNetArrays,
    sides: TrainingRows,
    folder: Path,
    *,
    seed: int,
    stop_at: int | None = None,
    checkpoint_every_s: float = 180.0,
) -> SgdNet:
    """Train `network` (from `build_network`), return it with its best weights; goes on from the checkpoint in `folder`.

    Ends after the plan's epochs, or sooner where validation no longer gains, or before step `stop_at`.
    """
    network.to(fastest_device()).to(memory_format=torch.channels_last)
    _freeze(network, plan)
    _answer_about(network, float(data.labels[sides.training].mean()))
    batches = BatchOrder(len(sides.training), plan.batch, seed)
    total = plan.epochs * batches.per_epoch
    steps, epochs = _optimiser(network, plan, total)
    best = BestWeights()
    parts: dict[str, Checkpointed] = {"model": network, "optimiser": steps, "schedule": epochs, "best": best}
    loop = TrainingLoop(total, parts, folder, checkpoint_every_s=checkpoint_every_s)
    loop.log(plan={name: str(value) for name, value in asdict(plan).items()}, training=len(sides.training))
    if best.epochs_since < plan.stop_after:
        for step in loop.steps("SGDNet", stop_at=stop_at):
            torch.manual_seed(seed * 1_000_003 + step)
            error = _step(network, plan, data, sides.training[batches.of(step)], steps)
            if isinstance(epochs, OneCycleLR):
                epochs.step()
            if batches.ends_epoch(step):
                facts = validate_network(network, plan, data, sides.validation)
                best.offer(network, facts["validation_loss"])
                if isinstance(epochs, ReduceLROnPlateau):
                    epochs.step(facts["validation_loss"])
                loop.log(loss=error, rate=steps.param_groups[0]["lr"], **facts)
                if best.epochs_since >= plan.stop_after:
                    break
        loop.save()
    if best.weights:
        network.load_state_dict(best.weights)
    return network.eval()


def predict_qualities(network: SgdNet, plan: SgdNetPlan, data: SgdNetArrays, rows: Indices) -> Values:
    """Quality of these rows on five points, (N,); the network is left in evaluation mode."""
    parts = [_forward(network, plan, data, batch)[0].quality for batch in _batches(network, rows)]
    return torch.cat(parts).double().cpu().numpy()


def validate_network(network: SgdNet, plan: SgdNetPlan, data: SgdNetArrays, rows: Indices) -> dict[str, float]:
    """The paper's loss on these rows and the agreement of the qualities with the labels."""
    errors, qualities = [], []
    for batch in _batches(network, rows):
        prediction, labels, maps = _forward(network, plan, data, batch)
        errors.append(loss(prediction, labels, maps).item() * len(batch))
        qualities.append(prediction.quality)
    network.train()
    predicted, labelled = torch.cat(qualities).double().cpu().numpy(), data.labels[rows].astype(np.float64)
    return {
        "validation_loss": sum(errors) / len(rows),
        "validation_srocc": srocc(predicted, labelled),
        "validation_plcc": plcc(predicted, labelled),
        "validation_mae": mae(predicted, labelled),
    }


def _batches(network: SgdNet, rows: Indices) -> list[Indices]:
    network.eval()
    return [rows[start : start + JUDGED_AT_ONCE] for start in range(0, len(rows), JUDGED_AT_ONCE)]


@torch.no_grad()
def _forward(
    network: SgdNet, plan: SgdNetPlan, data: SgdNetArrays, rows: Indices
) -> tuple[Prediction, Tensor, Tensor | None]:
    inputs, labels, maps = data.tensors(rows, next(network.parameters()).device)
    return _predict(network, plan, inputs, maps), labels, maps


def _step(
    network: SgdNet, plan: SgdNetPlan, data: SgdNetArrays, rows: Indices, optimiser: torch.optim.Optimizer
) -> float:
    """One optimiser step on these rows; its loss."""
    network.train()
    inputs, labels, maps = data.tensors(rows, next(network.parameters()).device)
    prediction = _predict(network, plan, inputs, maps)
    error = loss(prediction, labels, maps)
    if plan.agreement and len(rows) > 1:
        error = error + plan.agreement * (1 - _correlation(prediction.quality, labels))
    optimiser.zero_grad(set_to_none=True)
    error.backward()  # type: ignore[no-untyped-call]
    if plan.schedule is RateSchedule.CYCLE:
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
    optimiser.step()
    return error.item()


def _predict(network: SgdNet, plan: SgdNetPlan, inputs: Tensor, maps: Tensor | None) -> Prediction:
    """What the network says of pictures, or of the features of its frozen blocks."""
    given = maps if plan.guidance is Guidance.DIRECT else None
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    with torch.autocast(inputs.device.type, torch.bfloat16, enabled=plan.precision is Precision.BF16):
        if plan.frozen_blocks:
            assert isinstance(network.backbone, MobileNetV2)
            features = network.backbone.features[plan.frozen_blocks :](inputs)
            prediction = network.predict_quality(network.adaption(features), given)
        else:
            prediction = network(inputs, given)
    saliency = None if prediction.saliency is None else prediction.saliency.float()
    return Prediction(prediction.quality.float(), saliency)


def _correlation(predicted: Tensor, labels: Tensor) -> Tensor:
    """Pearson's correlation of a batch; 0 for a constant."""
    left, right = predicted - predicted.mean(), labels - labels.mean()
    agreement: Tensor = (left * right).sum() / (left.norm() * right.norm() + 1e-8)
    return agreement


def _freeze(network: SgdNet, plan: SgdNetPlan) -> None:
    if plan.frozen_blocks:
        assert isinstance(network.backbone, MobileNetV2)
        for tensor in network.backbone.features[: plan.frozen_blocks].parameters():
            tensor.requires_grad_(False)


def _answer_about(network: SgdNet, quality: float) -> None:
    last = network.quality[-1]
    assert isinstance(last, nn.Linear)
    nn.init.constant_(last.bias, quality)


def build_plateau(optimiser: torch.optim.Optimizer, patience: int) -> ReduceLROnPlateau:
    """Keras's rule: times 0.1 at the end of the `patience`-th epoch without 1e-4 less loss; PyTorch waits one more."""
    return ReduceLROnPlateau(
        optimiser,
        factor=0.1,
        patience=max(0, patience - 1),
        threshold=LEAST_GAIN,
        threshold_mode="abs",
        min_lr=SMALLEST_RATE,
    )


def _optimiser(network: SgdNet, plan: SgdNetPlan, total: int) -> tuple[Adam, ReduceLROnPlateau | OneCycleLR]:
    """Adam and the plateau rule of the paper, or AdamW and one cycle over all steps."""
    trained = [(name, tensor) for name, tensor in network.named_parameters() if tensor.requires_grad]
    groups = [
        {"params": [tensor for name, tensor in trained if name.startswith("backbone")], "lr": plan.rate},
        {
            "params": [tensor for name, tensor in trained if not name.startswith("backbone")],
            "lr": plan.rate * plan.head_factor,
        },
    ]
    if plan.schedule is RateSchedule.PLATEAU:
        adam = Adam(groups)
        return adam, build_plateau(adam, plan.patience)
    decayed = AdamW(groups, weight_decay=WEIGHT_DECAY)
    peaks = [float(group["lr"]) for group in groups]  # type: ignore[arg-type]
    cycle = OneCycleLR(decayed, peaks, total_steps=total + 1, pct_start=WARM_UP, div_factor=20, final_div_factor=100)
    return decayed, cycle
