"""The recipe of SGDNet: train by a plan, write safetensors, ask the detector."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

from detectors.sgdnet.detector import MODEL, SGDNET_QUALITY, from_weights, notes_of, sgdnet
from detectors.sgdnet.network import SgdNet
from detectors.weights import Origin, WeightsFile, sha256
from domain.errors import ConfigError
from training.networks.folding import unfolded
from training.pictures import detected
from training.recipe import Job, Recipe
from training.samples import Sample, Values
from training.sgdnet.material import OPINION, material
from training.sgdnet.plan import Plan, with_options
from training.sgdnet.trainer import Sides, built, train


def trained(job: Job) -> Path:
    """Train by the paper's plan and the job's options; the best weights as safetensors in the job's folder.

    `job.start` holds the backbone's ImageNet weights. Options: any number or name of a Plan.
    """
    plan = with_options(Plan(), job.options)
    if not job.validation:
        raise ConfigError("no picture to validate on: SGDNet stops by its validation loss")
    network = built(plan, job.start, job.seed)
    samples = [*job.train, *job.validation]
    data = material(samples, job.dataset, plan, network, job.folder)
    rows = np.arange(len(samples))
    sides = Sides(rows[: len(job.train)], rows[len(job.train) :])
    train(network, plan, data, sides, job.folder, seed=job.seed)
    path = job.folder / f"{MODEL}.safetensors"
    exported(network, plan, path)
    return path


def exported(network: SgdNet, plan: Plan, path: Path) -> str:
    """Write the network with its batch norms, as published, in half precision; returns the file's SHA-256."""
    state = network.cpu().state_dict()
    if plan.folded:
        backbone = {
            name.removeprefix("backbone."): value for name, value in state.items() if name.startswith("backbone.")
        }
        plain = unfolded(backbone, SgdNet(plan.variant).backbone)
        state = {name: value for name, value in state.items() if not name.startswith("backbone.")}
        state |= {f"backbone.{name}": value for name, value in plain.items()}
    halves = {
        name: (value.half() if value.is_floating_point() else value).contiguous() for name, value in state.items()
    }
    save_file(halves, path, metadata=notes_of(plan.variant, plan.teacher, (plan.height, plan.width)))
    return sha256(path)


def predicted(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """The detector's quality of each sample, 0 to 100."""
    if weights is None:
        detector = sgdnet()
    else:
        file = WeightsFile(MODEL, weights, sha256(weights), Origin.EXPLICIT, (weights,))
        detector = from_weights(file)
    return {OPINION: detected(detector, SGDNET_QUALITY.key, [sample.path for sample in samples])}


SGDNET = Recipe(
    model=MODEL,
    title="SGDNet, Yang et al. 2019, its variants and teachers",
    datasets=("koniq10k", "clive", "live", "csiq", "tid2013", "kadid10k", "spaq", "biq2021"),
    train=trained,
    predict=predicted,
)
