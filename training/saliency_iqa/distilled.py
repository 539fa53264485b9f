"""The paper's own backbone from nothing: a ResNet18 branch that learns from people and from the bundled weights.

ImageNet's weights of ResNet18 cannot be had everywhere, and 9,000 photographs are few to begin with. The better
network's opinion of each picture stands beside people's (Hinton et al. 2015, for regression): less noise in the labels.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from detectors.saliency_iqa.network import Branch
from domain.errors import ConfigError
from training.loop import LOG
from training.saliency_iqa.crops import View, cached
from training.saliency_iqa.run import OPINION, predicted
from training.saliency_iqa.schedule import Schedule
from training.saliency_iqa.trainer import Labels, TrainingSet, train
from training.samples import PERCENT, UNIT, Sample, Scale, score_values

SCHEDULE = Schedule(
    view=View.LOCAL,
    epochs=8,
    batch=32,
    peak_rate=1.5e-3,
    head_factor=1,
    frozen_blocks=0,
    averaging=0.998,
    weight_decay=0.05,
    seed=17,
)
TEACHERS_SHARE = 0.5


def distilled(
    training: Sequence[Sample],
    validation: Sequence[Sample],
    scale: Scale,
    folder: Path,
    *,
    teacher: Path | None = None,
    schedule: Schedule = SCHEDULE,
) -> Path:
    """Train a ResNet18 branch with its batch norms on 224 x 224 crops; returns the log with its curve.

    `teacher` is a weights file of saliency IQA, the bundled one by default. It may be stopped and gone on with. Raises
    ConfigError where the cached opinions are of other pictures.
    """
    samples = [*training, *validation]
    folder.mkdir(parents=True, exist_ok=True)
    pictures = cached([sample.path for sample in samples], folder / "pictures_512.npy")
    people = scale.mapped(score_values(samples, OPINION), UNIT).astype(np.float32)
    taught = _taught(training, folder / "teacher.npy", teacher)
    labels = people.copy()
    labels[: len(training)] = (1 - TEACHERS_SHARE) * people[: len(training)] + TEACHERS_SHARE * taught
    indices = np.arange(len(samples))
    torch.manual_seed(schedule.seed)
    branch = Branch("resnet18", schedule.dropout)
    branch.start_at(float(labels[: len(training)].mean()))
    train(branch, TrainingSet(pictures, labels, indices[: len(training)], indices[len(training) :]), schedule, folder)
    return folder / LOG


def _taught(samples: Sequence[Sample], path: Path, teacher: Path | None) -> Labels:
    """The teacher's opinion of each picture, 0 to 1, kept at `path`."""
    if not path.is_file():
        np.save(path, PERCENT.mapped(predicted(teacher, samples)[OPINION], UNIT).astype(np.float32))
    opinions: Labels = np.load(path)
    if len(opinions) != len(samples):
        raise ConfigError(f"{path} holds {len(opinions)} opinions, not {len(samples)}: delete it")
    return opinions
