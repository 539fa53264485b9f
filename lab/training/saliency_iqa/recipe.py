"""The recipe of saliency IQA: a local branch from ImageNet, a global one from it, then the local one on its windows."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from detectors.models.saliency.providers import CENTRED, SPECTRAL_RESIDUAL, choose_saliency
from detectors.models.saliency_iqa.backbones import BACKBONES
from detectors.models.saliency_iqa.detector import IMAGE_QUALITY, MODEL, load_saliency_iqa
from detectors.models.saliency_iqa.network import LOCAL_WEIGHT, Branch
from domain.errors import ConfigError
from lab.training.networks.batch_norm_folding import fold_batch_norms
from lab.training.networks.pretrained import load_pretrained
from lab.training.pictures import score_pictures
from lab.training.recipe import Recipe, TrainingJob
from lab.training.saliency_iqa.crops import CropView, load_or_cache_pictures, salient_windows
from lab.training.saliency_iqa.export import export_weights
from lab.training.saliency_iqa.schedule import BranchSchedule
from lab.training.saliency_iqa.trainer import TrainingSet, train_branch
from lab.training.samples import UNIT, Sample, Values, score_values
from lab.training.training_loop import CHECKPOINT

BACKBONE = "efficientnet_lite0"
SALIENCY = CENTRED
LOCAL_SHARE = LOCAL_WEIGHT
"""The local branch's weight w in what is bundled: the paper's, which with this saliency validates best too."""
TRAINED_ON = SPECTRAL_RESIDUAL
"""Whose windows the last local stage was shown."""

OPINION = "mos"
SEED = 7
"""The job's seed with which the stages keep theirs."""

STAGES: Mapping[str, BranchSchedule] = {
    "local": BranchSchedule(
        view=CropView.LOCAL, epochs=3, batch=32, peak_rate=1.5e-4, head_factor=7, frozen_blocks=2, averaging=0.995
    ),
    "global": BranchSchedule(
        view=CropView.GLOBAL,
        epochs=4,
        batch=16,
        peak_rate=1.2e-4,
        head_factor=4,
        frozen_blocks=3,
        averaging=0.998,
        seed=11,
    ),
    "local_salient": BranchSchedule(
        view=CropView.LOCAL,
        epochs=3,
        batch=32,
        peak_rate=1e-4,
        head_factor=3,
        frozen_blocks=2,
        averaging=0.998,
        salient=0.6,
        seed=13,
    ),
}
"""What the bundled weights were trained with, each from the averaged weights of its view's last stage, or the last.

docs/training.md tells what else was tried.
"""


def train_model(job: TrainingJob) -> Path:
    """All stages, and the last averaged weights of either branch as one safetensors file in the job's folder.

    Departures from the paper: 7:1:2 in place of 8:2, for the validation side chooses; bfloat16, clipped gradients, a
    loss of distance and correlation, AdamW with one cycle, and weights averaged over steps.

    `job.start` is the file with ImageNet's weights of the backbone. Options: `backbone`, and any number of a Schedule,
    for all stages.
    """
    options = dict(job.options)
    backbone = options.pop("backbone", BACKBONE)
    if backbone not in BACKBONES:
        raise ConfigError(f"no backbone {backbone!r}: saliency_iqa has {', '.join(sorted(BACKBONES))}")
    schedules = {name: _with_options(schedule, options, job.seed) for name, schedule in STAGES.items()}
    samples = [*job.train, *job.validation]
    labels = job.dataset.scales[OPINION].convert(score_values(samples, OPINION), UNIT).astype(np.float32)
    first = job.folder / next(iter(STAGES)) / CHECKPOINT
    if job.start is None and not first.is_file():
        raise ConfigError("give --start, ImageNet's weights (docs/training.md): from nothing it learns too little")
    pictures = load_or_cache_pictures([sample.path for sample in samples], job.folder / "pictures_512.npy")
    indices = np.arange(len(samples))
    windows = salient_windows(pictures, choose_saliency(TRAINED_ON).provider, job.folder / "windows_512.npy")
    data = TrainingSet(pictures, labels, indices[: len(job.train)], indices[len(job.train) :], windows)
    averages: dict[CropView, dict[str, Tensor]] = {}
    average: dict[str, Tensor] | None = None
    for name, schedule in schedules.items():
        torch.manual_seed(schedule.seed)
        branch = _start_branch(
            backbone, schedule, averages.get(schedule.view, average), job.start, float(labels[data.training].mean())
        )
        average = train_branch(branch, data, schedule, job.folder / name)
        averages[schedule.view] = average
    path = job.folder / f"{MODEL}.safetensors"
    whole, local = averages[CropView.GLOBAL], averages[CropView.LOCAL]
    export_weights(whole, local, path, backbone=backbone, saliency=SALIENCY, local_weight=LOCAL_SHARE)
    return path


def predict_scores(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """The network's own opinion of each sample, 0 to 100, as people gave theirs: nothing off for noise and haze."""
    detector = load_saliency_iqa(weights, correction=None)
    return {OPINION: score_pictures(detector, IMAGE_QUALITY.key, [sample.path for sample in samples])}


def _start_branch(
    backbone: str, schedule: BranchSchedule, average: dict[str, Tensor] | None, imagenet: Path | None, mean: float
) -> Branch:
    """A folded branch with the weights of the stage before, or ImageNet's; a checkpoint may still replace them."""
    branch = Branch(backbone, schedule.dropout)
    if average is None and imagenet is not None:
        load_pretrained(branch.backbone, imagenet)
        branch.start_at(mean)
    fold_batch_norms(branch)
    if average is not None:
        branch.load_state_dict(average)
    return branch


def _with_options(schedule: BranchSchedule, options: Mapping[str, str], seed: int) -> BranchSchedule:
    """The schedule, its seed moved with the job's, and whatever numbers of it the options name."""
    numbers = {field.name: field.type for field in fields(BranchSchedule) if field.name not in {"view", "seed"}}
    unknown = sorted(set(options) - set(numbers))
    if unknown:
        raise ConfigError(f"no option {unknown[0]!r}: saliency_iqa has backbone, {', '.join(sorted(numbers))}")
    try:
        chosen = {name: numbers[name](text) for name, text in options.items()}  # type: ignore[operator]
    except ValueError as error:
        raise ConfigError(f"an option of saliency_iqa is not a number: {error}") from error
    return replace(schedule, seed=schedule.seed + seed - SEED, **chosen)


SALIENCY_IQA = Recipe(
    model=MODEL,
    title="Lu et al. 2022, EfficientNet-Lite0, a global and a local branch",
    datasets=("biq2021", "clive", "kadid10k", "koniq10k", "siqd", "spaq"),
    train=train_model,
    predict=predict_scores,
)
