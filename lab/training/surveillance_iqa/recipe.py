"""The recipe of saliency IQA as published: both branches together, Adam, 50 epochs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from detectors.models.saliency_iqa.detector import IMAGE_QUALITY, load_saliency_iqa
from lab.training.pictures import score_pictures
from lab.training.recipe import Recipe, TrainingJob
from lab.training.samples import Sample, Values
from lab.training.surveillance_iqa.trainer import build_network, export_network, train_network
from lab.training.surveillance_iqa.training_arrays import OPINION, prepare_arrays
from lab.training.surveillance_iqa.training_plan import SurveillancePlan, apply_options


def train_model(job: TrainingJob) -> Path:
    """Train by the paper's plan and the job's options; the last weights as safetensors in the job's folder.

    The paper trains on 80 % and selects nothing; `sightline train` keeps a tenth for validation, which stays unseen
    here, so it trains on 70 %. The tables train on 80 %. `job.start` holds the backbone's ImageNet weights.
    """
    plan = apply_options(SurveillancePlan(), job.options)
    network = build_network(plan, job.start, job.seed)
    data = prepare_arrays(job.train, job.dataset, plan, job.folder, network)
    train_network(network, plan, data, np.arange(len(job.train)), job.folder, seed=job.seed)
    path = job.folder / "surveillance_iqa.safetensors"
    export_network(network, plan, path)
    return path


def predict_scores(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """The network's own opinion of each sample, 0 to 100, as the paper's is: nothing taken off for noise and haze."""
    detector = load_saliency_iqa(weights, correction=None)
    return {OPINION: score_pictures(detector, IMAGE_QUALITY.key, [sample.path for sample in samples])}


SURVEILLANCE_IQA = Recipe(
    model="surveillance_iqa",
    title="Lu et al. 2022, both branches together; their SimpleNet by saliency_path, else the spectral residual",
    datasets=("siqd", "koniq10k", "clive", "spaq", "biq2021"),
    train=train_model,
    predict=predict_scores,
)
