"""The recipe of saliency IQA: a local branch from ImageNet, a global one from it, then the local one on its windows."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from detectors.saliency.choice import CENTRED, SPECTRAL_RESIDUAL, saliency
from detectors.saliency_iqa.backbones import BACKBONES
from detectors.saliency_iqa.detector import IMAGE_QUALITY, MODEL, saliency_iqa
from detectors.saliency_iqa.network import LOCAL_WEIGHT, Branch
from domain.errors import ConfigError
from training.loop import CHECKPOINT
from training.networks.folding import fold
from training.networks.public_start import started
from training.pictures import detected
from training.recipe import Job, Recipe
from training.saliency_iqa.crops import View, cached, salient_windows
from training.saliency_iqa.export import exported
from training.saliency_iqa.schedule import Schedule
from training.saliency_iqa.trainer import TrainingSet, train
from training.samples import UNIT, Sample, Values, score_values

BACKBONE = "efficientnet_lite0"
SALIENCY = CENTRED
LOCAL_SHARE = LOCAL_WEIGHT
"""The local branch's weight w in what is bundled: the paper's, which with this saliency validates best too."""
TRAINED_ON = SPECTRAL_RESIDUAL
"""Whose windows the last local stage was shown."""

OPINION = "mos"
SEED = 7
"""The job's seed with which the stages keep theirs."""

STAGES: Mapping[str, Schedule] = {
    "local": Schedule(
        view=View.LOCAL, epochs=3, batch=32, peak_rate=1.5e-4, head_factor=7, frozen_blocks=2, averaging=0.995
    ),
    "global": Schedule(
        view=View.GLOBAL,
        epochs=4,
        batch=16,
        peak_rate=1.2e-4,
        head_factor=4,
        frozen_blocks=3,
        averaging=0.998,
        seed=11,
    ),
    "local_salient": Schedule(
        view=View.LOCAL,
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


def trained(job: Job) -> Path:
    """All stages, and the last averaged weights of either branch as one safetensors file in the job's folder.

    `job.start` is the file with ImageNet's weights of the backbone. Options: `backbone`, and any number of a Schedule,
    for all stages.
    """
    options = dict(job.options)
    backbone = options.pop("backbone", BACKBONE)
    if backbone not in BACKBONES:
        raise ConfigError(f"no backbone {backbone!r}: saliency_iqa has {', '.join(sorted(BACKBONES))}")
    schedules = {name: _with_options(schedule, options, job.seed) for name, schedule in STAGES.items()}
    samples = [*job.train, *job.validation]
    labels = job.dataset.scales[OPINION].mapped(score_values(samples, OPINION), UNIT).astype(np.float32)
    first = job.folder / next(iter(STAGES)) / CHECKPOINT
    if job.start is None and not first.is_file():
        raise ConfigError("give --start, ImageNet's weights (docs/training.md): from nothing it learns too little")
    pictures = cached([sample.path for sample in samples], job.folder / "pictures_512.npy")
    indices = np.arange(len(samples))
    windows = salient_windows(pictures, saliency(TRAINED_ON).provider, job.folder / "windows_512.npy")
    data = TrainingSet(pictures, labels, indices[: len(job.train)], indices[len(job.train) :], windows)
    averages: dict[View, dict[str, Tensor]] = {}
    average: dict[str, Tensor] | None = None
    for name, schedule in schedules.items():
        torch.manual_seed(schedule.seed)
        branch = _begun(
            backbone, schedule, averages.get(schedule.view, average), job.start, float(labels[data.training].mean())
        )
        average = train(branch, data, schedule, job.folder / name)
        averages[schedule.view] = average
    path = job.folder / f"{MODEL}.safetensors"
    whole, local = averages[View.GLOBAL], averages[View.LOCAL]
    exported(whole, local, path, backbone=backbone, saliency=SALIENCY, local_weight=LOCAL_SHARE)
    return path


def predicted(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """The detector's image quality of each sample, 0 to 100."""
    return {OPINION: detected(saliency_iqa(weights), IMAGE_QUALITY.key, [sample.path for sample in samples])}


def _begun(
    backbone: str, schedule: Schedule, average: dict[str, Tensor] | None, imagenet: Path | None, mean: float
) -> Branch:
    """A folded branch with the weights of the stage before, or ImageNet's; a checkpoint may still replace them."""
    branch = Branch(backbone, schedule.dropout)
    if average is None and imagenet is not None:
        started(branch.backbone, imagenet)
        branch.start_at(mean)
    fold(branch)
    if average is not None:
        branch.load_state_dict(average)
    return branch


def _with_options(schedule: Schedule, options: Mapping[str, str], seed: int) -> Schedule:
    """The schedule, its seed moved with the job's, and whatever numbers of it the options name."""
    numbers = {field.name: field.type for field in fields(Schedule) if field.name not in {"view", "seed"}}
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
    train=trained,
    predict=predicted,
)
