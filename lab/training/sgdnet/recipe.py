"""The recipe of SGDNet: train by a plan, write safetensors, ask the detector."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

from detectors.models.sgdnet.detector import MODEL, SGDNET_QUALITY, from_weights, load_sgdnet, make_notes
from detectors.models.sgdnet.network import SgdNet
from detectors.models.weights import WeightsFile, WeightsOrigin, sha256
from domain.errors import ConfigError
from lab.training.networks.batch_norm_folding import unfold_state
from lab.training.pictures import score_pictures
from lab.training.recipe import Recipe, TrainingJob
from lab.training.samples import Sample, Values
from lab.training.sgdnet.trainer import TrainingRows, build_network, train_network
from lab.training.sgdnet.training_arrays import OPINION, prepare_arrays
from lab.training.sgdnet.training_plan import SgdNetPlan, apply_options


def train_model(job: TrainingJob) -> Path:
    """Train by the paper's plan and the job's options; the best weights as safetensors in the job's folder.

    `job.start` holds the backbone's ImageNet weights. Options: any number or name of a Plan.
    """
    plan = apply_options(SgdNetPlan(), job.options)
    if not job.validation:
        raise ConfigError("no picture to validate on: SGDNet stops by its validation loss")
    network = build_network(plan, job.start, job.seed)
    samples = [*job.train, *job.validation]
    data = prepare_arrays(samples, job.dataset, plan, network, job.folder)
    rows = np.arange(len(samples))
    sides = TrainingRows(rows[: len(job.train)], rows[len(job.train) :])
    train_network(network, plan, data, sides, job.folder, seed=job.seed)
    path = job.folder / f"{MODEL}.safetensors"
    export_network(network, plan, path)
    return path


def export_network(network: SgdNet, plan: SgdNetPlan, path: Path) -> str:
    """Write the network with its batch norms, as published, in half precision; returns the file's SHA-256."""
    state = network.cpu().state_dict()
    if plan.folded:
        backbone = {
            name.removeprefix("backbone."): value for name, value in state.items() if name.startswith("backbone.")
        }
        plain = unfold_state(backbone, SgdNet(plan.variant).backbone)
        state = {name: value for name, value in state.items() if not name.startswith("backbone.")}
        state |= {f"backbone.{name}": value for name, value in plain.items()}
    halves = {
        name: (value.half() if value.is_floating_point() else value).contiguous() for name, value in state.items()
    }
    save_file(halves, path, metadata=make_notes(plan.variant, plan.teacher, (plan.height, plan.width)))
    return sha256(path)


def predict_scores(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """The detector's quality of each sample, 0 to 100."""
    if weights is None:
        detector = load_sgdnet()
    else:
        file = WeightsFile(MODEL, weights, sha256(weights), WeightsOrigin.EXPLICIT, (weights,))
        detector = from_weights(file)
    return {OPINION: score_pictures(detector, SGDNET_QUALITY.key, [sample.path for sample in samples])}


SGDNET = Recipe(
    model=MODEL,
    title="SGDNet, Yang et al. 2019, its variants and teachers",
    datasets=("koniq10k", "clive", "live", "csiq", "tid2013", "kadid10k", "spaq", "biq2021"),
    train=train_model,
    predict=predict_scores,
)
