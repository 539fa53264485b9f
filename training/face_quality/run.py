"""The recipes of SFIQA-Assessor: one a size, and the switches of its Tables V and VI as options."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from detectors import weights
from detectors.face_quality.backbones import BACKBONES
from detectors.face_quality.network import DIMENSIONS, Variant, View
from detectors.face_quality.weights import SWITCHES, loaded
from detectors.mtcnn import weights as mtcnn_weights
from domain.errors import ConfigError
from training.face_quality.face_set import in_memory, of_samples
from training.face_quality.schedule import PAPER, Schedule
from training.face_quality.start import exported, fold_backbones, from_imagenet
from training.face_quality.trainer import predicted, train
from training.recipe import Job, Recipe
from training.samples import Dataset, Sample, Scale, Values

OPINION_SCALE = Scale(1.0, 5.0)
BACKBONE_OF: Mapping[str, str] = {
    "sfiqa_s": "edgenext_small",
    "sfiqa_xs": "edgenext_x_small",
    "sfiqa_xxs": "edgenext_xx_small",
    "sfiqa_mobilenet": "mobilenet_v2",
}
"""Which backbone a model's name stands for."""
AT_ONCE = 64
DATASETS = ("sfiqa-bench", "gfiqa-20k", "cgfiqa-40k")


def trained(model: str, job: Job) -> Path:
    """Train end to end as the paper does and write `model` as safetensors into the job's folder.

    `job.start` is a file with ImageNet's weights for the backbone, or a folder with one named for each backbone
    (`edgenext_small.safetensors`, timm's; `mobilenet_v2.tflite`); without, training starts from nothing. Options:
    `backbone`, `views` ("loose compact parts", any of them), `view_fusion` and `task_attention` (yes or no), and the
    numbers of a Schedule (`epochs`, `batch`, `rate`, …). Faces are found once and kept in the folder.
    """
    variant, schedule = configured(model, job)
    torch.manual_seed(schedule.seed)
    mtcnn = mtcnn_weights.loaded()
    training = of_samples(job.train, job.dataset, mtcnn, job.folder / "faces")
    validation = of_samples(job.validation, job.dataset, mtcnn, job.folder / "validation")
    network = from_imagenet(variant, _start(job.start, variant.backbone))
    fold_backbones(network)
    network.fuse_early()
    state = train(network, training, validation, schedule, job.folder)
    path = job.folder / f"{model}.safetensors"
    exported(state, variant, path, rated=rated(job.dataset))
    return path


def configured(model: str, job: Job) -> tuple[Variant, Schedule]:
    """The variant and the schedule that a model's name and the job's options mean. Raises ConfigError."""
    options = dict(job.options)
    backbone = options.pop("backbone", BACKBONE_OF[model])
    if backbone not in BACKBONES:
        raise ConfigError(f"backbone {backbone!r} is not known: there are {', '.join(BACKBONES)}")
    try:
        variant = Variant(
            backbone,
            tuple(View(name) for name in options.pop("views", " ".join(View)).split()),
            view_fusion=SWITCHES[options.pop("view_fusion", "yes")],
            task_attention=SWITCHES[options.pop("task_attention", "yes")],
        )
        kinds = {field.name: field.type for field in fields(Schedule) if field.type in (int, float)}
        numbers: dict[str, Any] = {name: kinds[name](text) for name, text in options.items()}
    except (KeyError, ValueError) as error:
        raise ConfigError(f"an option of {model} is not understood: {error}") from error
    return variant, replace(PAPER, seed=job.seed, **numbers)


def rated(dataset: Dataset) -> int:
    """How many dimensions a data set rates, counted from the last, the overall quality."""
    return len(DIMENSIONS) if str(DIMENSIONS[0]) in dataset.scales else 1


def answered(model: str, file: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """The network's scores of every picture's face, 1 to 5, by dimension; the overall quality also as "mos".

    Here the overall score is the network's own, as in the paper; the detector takes the paper's regression instead.
    """
    stored = loaded(file or weights.located(model).path)
    network, known = stored.network, stored.rated
    network.fuse_early()
    mtcnn = mtcnn_weights.loaded()
    chunks = [samples[start : start + AT_ONCE] for start in range(0, len(samples), AT_ONCE)]
    scores = np.concatenate([predicted(network, in_memory(chunk, mtcnn)) for chunk in chunks])
    named = {str(name): scores[:, place] for place, name in enumerate(DIMENSIONS)}
    wanted = [str(name) for name in DIMENSIONS[len(DIMENSIONS) - known :]]
    return {name: named[name] for name in wanted} | {"mos": scores[:, -1]}


def _start(start: Path | None, backbone: str) -> Path | None:
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
        train=partial(trained, model),
        predict=partial(answered, model),
        scale=OPINION_SCALE,
    )
    for model, backbone in BACKBONE_OF.items()
)
