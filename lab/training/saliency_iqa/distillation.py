"""The paper's own backbone from nothing: a ResNet18 branch that learns from people and from the bundled weights.

ImageNet's weights of ResNet18 cannot be had everywhere, and 9,000 photographs are few to begin with. The better
network's opinion of each picture is used beside people's (Hinton et al. 2015, for regression): less noise in the
labels.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from detectors.models.saliency_iqa.network import Branch
from domain.errors import ConfigError
from lab.training.saliency_iqa.crops import CropView, load_or_cache_pictures
from lab.training.saliency_iqa.recipe import OPINION, predict_scores
from lab.training.saliency_iqa.schedule import BranchSchedule
from lab.training.saliency_iqa.trainer import Labels, TrainingSet, train_branch
from lab.training.samples import PERCENT, UNIT, Sample, Scale, score_values
from lab.training.training_loop import LOG

SCHEDULE = BranchSchedule(
    view=CropView.LOCAL,
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


def distil_branch(
    training: Sequence[Sample],
    validation: Sequence[Sample],
    scale: Scale,
    folder: Path,
    *,
    teacher: Path | None = None,
    schedule: BranchSchedule = SCHEDULE,
) -> Path:
    """Train a ResNet18 branch with its batch norms on 224 x 224 crops; returns the log with its curve.

    `teacher` is a weights file of saliency IQA, the bundled one by default. It may be stopped and gone on with. Raises
    ConfigError where the cached opinions are of other pictures.
    """
    samples = [*training, *validation]
    folder.mkdir(parents=True, exist_ok=True)
    pictures = load_or_cache_pictures([sample.path for sample in samples], folder / "pictures_512.npy")
    people = scale.convert(score_values(samples, OPINION), UNIT).astype(np.float32)
    taught = _teacher_labels(training, folder / "teacher.npy", teacher)
    labels = people.copy()
    labels[: len(training)] = (1 - TEACHERS_SHARE) * people[: len(training)] + TEACHERS_SHARE * taught
    indices = np.arange(len(samples))
    torch.manual_seed(schedule.seed)
    branch = Branch("resnet18", schedule.dropout)
    branch.start_at(float(labels[: len(training)].mean()))
    train_branch(
        branch, TrainingSet(pictures, labels, indices[: len(training)], indices[len(training) :]), schedule, folder
    )
    return folder / LOG


def _teacher_labels(samples: Sequence[Sample], path: Path, teacher: Path | None) -> Labels:
    """The teacher's opinion of each picture, 0 to 1, kept at `path`."""
    if not path.is_file():
        np.save(path, PERCENT.convert(predict_scores(teacher, samples)[OPINION], UNIT).astype(np.float32))
    opinions: Labels = np.load(path)
    if len(opinions) != len(samples):
        raise ConfigError(f"{path} holds {len(opinions)} opinions, not {len(samples)}: delete it")
    return opinions
