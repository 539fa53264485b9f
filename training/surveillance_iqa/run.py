"""The recipe of saliency IQA as published: both branches together, Adam, 50 epochs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from detectors.saliency_iqa.detector import IMAGE_QUALITY, saliency_iqa
from training.pictures import detected
from training.recipe import Job, Recipe
from training.samples import Sample, Values
from training.surveillance_iqa.material import OPINION, material
from training.surveillance_iqa.plan import Plan, with_options
from training.surveillance_iqa.trainer import built, exported, train


def trained(job: Job) -> Path:
    """Train by the paper's plan and the job's options; the last weights as safetensors in the job's folder.

    The paper selects nothing, so the validation samples stay unseen. `job.start` holds the backbone's ImageNet weights.
    """
    plan = with_options(Plan(), job.options)
    network = built(plan, job.start, job.seed)
    data = material(job.train, job.dataset, plan, job.folder, network)
    train(network, plan, data, np.arange(len(job.train)), job.folder, seed=job.seed)
    path = job.folder / "surveillance_iqa.safetensors"
    exported(network, plan, path)
    return path


def predicted(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """The detector's image quality of each sample, 0 to 100."""
    return {OPINION: detected(saliency_iqa(weights), IMAGE_QUALITY.key, [sample.path for sample in samples])}


SURVEILLANCE_IQA = Recipe(
    model="surveillance_iqa",
    title="Lu et al. 2022 as published, both branches together",
    datasets=("siqd", "koniq10k", "clive", "spaq", "biq2021"),
    train=trained,
    predict=predicted,
)
