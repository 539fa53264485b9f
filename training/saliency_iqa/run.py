"""The recipe of saliency IQA: the local branch from ImageNet's weights, the global branch from the local one's."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import torch

from detectors.saliency_iqa.detector import IMAGE_QUALITY, MODEL, saliency_iqa
from detectors.saliency_iqa.network import Branch
from domain.errors import ConfigError
from training.loop import CHECKPOINT
from training.networks.folding import fold
from training.networks.imagenet_start import mobilenet_v2_from_tflite
from training.pictures import detected
from training.recipe import Job, Recipe
from training.saliency_iqa.crops import View, cached
from training.saliency_iqa.export import exported
from training.saliency_iqa.schedule import Schedule
from training.saliency_iqa.trainer import TrainingSet, train
from training.samples import UNIT, Sample, Values, score_values

BACKBONE = "mobilenet_v2"
SALIENCY = "spectral_residual"
OPINION = "mos"
SCHEDULES: Mapping[View, Schedule] = {
    View.LOCAL: Schedule(
        view=View.LOCAL, epochs=3, batch=32, peak_rate=1.5e-4, head_factor=7, frozen_blocks=2, averaging=0.995
    ),
    View.GLOBAL: Schedule(
        view=View.GLOBAL, epochs=1.25, batch=16, peak_rate=1e-4, head_factor=3, frozen_blocks=4, averaging=0.995
    ),
}
"""What the bundled weights were trained with; docs/training.md tells what else was tried."""


def trained(job: Job) -> Path:
    """Both branches, one after the other, and their averaged weights as one safetensors file in the job's folder.

    `job.start` is the tflite file with ImageNet's MobileNetV2. Options: any number of a Schedule, for both branches.
    """
    schedules = {view: _with_options(schedule, job) for view, schedule in SCHEDULES.items()}
    samples = [*job.train, *job.validation]
    labels = job.dataset.scales[OPINION].mapped(score_values(samples, OPINION), UNIT).astype(np.float32)
    branch = _from_imagenet(job, float(labels[: len(job.train)].mean()))
    pictures = cached([sample.path for sample in samples], job.folder / "pictures_512.npy")
    indices = np.arange(len(samples))
    data = TrainingSet(pictures, labels, indices[: len(job.train)], indices[len(job.train) :])
    local = train(branch, data, schedules[View.LOCAL], job.folder / View.LOCAL)
    branch = Branch(BACKBONE, schedules[View.GLOBAL].dropout)
    fold(branch)
    branch.load_state_dict(local)
    whole = train(branch, data, schedules[View.GLOBAL], job.folder / View.GLOBAL)
    path = job.folder / f"{MODEL}.safetensors"
    exported(whole, local, path, backbone=BACKBONE, saliency=SALIENCY)
    return path


def predicted(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """The detector's image quality of each sample, 0 to 100."""
    return {OPINION: detected(saliency_iqa(weights), IMAGE_QUALITY.key, [sample.path for sample in samples])}


def _from_imagenet(job: Job, mean: float) -> Branch:
    torch.manual_seed(job.seed)
    branch = Branch(BACKBONE, SCHEDULES[View.LOCAL].dropout)
    if (job.folder / View.LOCAL / CHECKPOINT).is_file():
        fold(branch)
        return branch
    if job.start is None:
        raise ConfigError("give --start, ImageNet's weights (docs/training.md): from nothing it learns too little")
    branch.backbone = mobilenet_v2_from_tflite(job.start)
    fold(branch)
    branch.start_at(mean)
    return branch


def _with_options(schedule: Schedule, job: Job) -> Schedule:
    """The schedule with the job's seed and whatever numbers of it the options name."""
    numbers = {field.name: field.type for field in fields(Schedule) if field.name not in {"view", "seed"}}
    unknown = sorted(set(job.options) - set(numbers))
    if unknown:
        raise ConfigError(f"no option {unknown[0]!r}: saliency_iqa has {', '.join(sorted(numbers))}")
    try:
        chosen = {name: numbers[name](text) for name, text in job.options.items()}  # type: ignore[operator]
    except ValueError as error:
        raise ConfigError(f"an option of saliency_iqa is not a number: {error}") from error
    return replace(schedule, seed=job.seed, **chosen)


SALIENCY_IQA = Recipe(
    model=MODEL,
    title="Lu et al. 2022, MobileNetV2, a global and a local branch",
    datasets=("biq2021",),
    train=trained,
    predict=predicted,
)
