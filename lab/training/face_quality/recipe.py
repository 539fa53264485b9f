"""The recipes of SFIQA-Assessor: one a size, and the switches of its Tables V and VI as options."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from detectors.models import weights
from detectors.models.face_quality.backbones import BACKBONES
from detectors.models.face_quality.network import DIMENSIONS, AssessorVariant, FaceView
from detectors.models.face_quality.weights import SWITCHES, load_assessor
from detectors.models.mtcnn import weights as mtcnn_weights
from domain.errors import ConfigError
from lab.training.face_quality.face_set import cut_faces, load_or_cut_faces
from lab.training.face_quality.pretrained_backbones import build_pretrained, export_weights, fold_backbones
from lab.training.face_quality.schedule import PAPER, FaceQualitySchedule
from lab.training.face_quality.trainer import predict_faces, train_assessor
from lab.training.recipe import Recipe, TrainingJob
from lab.training.samples import Dataset, Sample, Scale, Values

OPINION_SCALE = Scale(1.0, 5.0)
BACKBONE_OF: Mapping[str, str] = {
    "sfiqa_s": "edgenext_small",
    "sfiqa_xs": "edgenext_x_small",
    "sfiqa_xxs": "edgenext_xx_small",
    "sfiqa_mobilenet": "mobilenet_v2",
}
"""Which backbone a model's name means."""
AT_ONCE = 64
DATASETS = ("sfiqa-bench", "gfiqa-20k", "cgfiqa-40k")


def train_model(model: str, job: TrainingJob) -> Path:
    """Train end to end as the paper does and write `model` as safetensors into the job's folder.

    `job.start` is a file with ImageNet's weights for the backbone, or a folder with one named for each backbone
    (`edgenext_small.safetensors`, timm's; `mobilenet_v2.tflite`); without, training starts from nothing. Options:
    `backbone`, `views` ("loose compact parts", any of them), `view_fusion` and `task_attention` (yes or no), and the
    numbers of a Schedule (`epochs`, `batch`, `rate`, …), `bf16` (yes or no). Faces are found once and kept in
    the folder.
    """
    variant, schedule = configure_training(model, job)
    torch.manual_seed(schedule.seed)
    mtcnn = mtcnn_weights.load_mtcnn()
    training = load_or_cut_faces(job.train, job.dataset, mtcnn, job.folder / "faces")
    validation = load_or_cut_faces(job.validation, job.dataset, mtcnn, job.folder / "validation")
    network = build_pretrained(variant, find_pretrained(job.start, variant.backbone))
    fold_backbones(network)
    network.fuse_early()
    state = train_assessor(network, training, validation, schedule, job.folder)
    path = job.folder / f"{model}.safetensors"
    export_weights(state, variant, path, rated=count_rated_dimensions(job.dataset))
    return path


def configure_training(model: str, job: TrainingJob) -> tuple[AssessorVariant, FaceQualitySchedule]:
    """The variant and the schedule that a model's name and the job's options mean. Raises ConfigError."""
    options = dict(job.options)
    backbone = options.pop("backbone", BACKBONE_OF[model])
    if backbone not in BACKBONES:
        raise ConfigError(f"backbone {backbone!r} is not known: there are {', '.join(BACKBONES)}")
    try:
        variant = AssessorVariant(
            backbone,
            tuple(FaceView(name) for name in options.pop("views", " ".join(FaceView)).split()),
            view_fusion=SWITCHES[options.pop("view_fusion", "yes")],
            task_attention=SWITCHES[options.pop("task_attention", "yes")],
        )
        kinds = {field.name: field.type for field in fields(FaceQualitySchedule) if field.type in (int, float)}
        numbers: dict[str, Any] = {"bf16": SWITCHES[options.pop("bf16", "no")]}
        numbers |= {name: kinds[name](text) for name, text in options.items()}
    except (KeyError, ValueError) as error:
        raise ConfigError(f"an option of {model} is not understood: {error}") from error
    return variant, replace(PAPER, seed=job.seed, **numbers)


def count_rated_dimensions(dataset: Dataset) -> int:
    """How many dimensions a data set rates, counted from the last, the overall quality."""
    return len(DIMENSIONS) if str(DIMENSIONS[0]) in dataset.scales else 1


def predict_scores(model: str, file: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """The network's scores of every picture's face, 1 to 5, by dimension; the overall quality also as "mos".

    Here the overall score is the network's own, as in the paper; the detector takes the paper's regression instead
    where the weights were trained on labels made by it.
    """
    stored = load_assessor(file or weights.locate_weights(model).path)
    network, known = stored.network, stored.rated
    network.fuse_early()
    mtcnn = mtcnn_weights.load_mtcnn()
    chunks = [samples[start : start + AT_ONCE] for start in range(0, len(samples), AT_ONCE)]
    scores = np.concatenate([predict_faces(network, cut_faces(chunk, mtcnn)) for chunk in chunks])
    named = {str(name): scores[:, place] for place, name in enumerate(DIMENSIONS)}
    wanted = [str(name) for name in DIMENSIONS[len(DIMENSIONS) - known :]]
    return {name: named[name] for name in wanted} | {"mos": scores[:, -1]}


def find_pretrained(start: Path | None, backbone: str) -> Path | None:
    """The file to start `backbone` from: `start`, or the one of its name in that folder. Raises ConfigError."""
    if start is None or start.is_file():
        return start
    found = [start / f"{backbone}{suffix}" for suffix in (".safetensors", ".tflite")]
    there = [path for path in found if path.is_file()]
    if not there:
        raise ConfigError(f"no {found[0].name} in {start}: put timm's ImageNet weights of {backbone} there")
    return there[0]


FACE_QUALITY = tuple(
    Recipe(
        model=model,
        title=f"Jiang et al. 2026, three views, {backbone}",
        datasets=DATASETS,
        train=partial(train_model, model),
        predict=partial(predict_scores, model),
        scale=OPINION_SCALE,
    )
    for model, backbone in BACKBONE_OF.items()
)
