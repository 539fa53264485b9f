"""The recipe of BRISQUE: features as published, regression fitted to a data set's opinions."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

from detectors.models import weights as model_weights
from detectors.models.classic_iqa.brisque import load_brisque, to_safetensors
from domain.errors import ConfigError
from lab.training.classic_iqa.features import compute_features, load_picture
from lab.training.classic_iqa.regression import fit_regression
from lab.training.recipe import Recipe, TrainingJob
from lab.training.samples import PERCENT, Sample, Values, score_values

OPINION = "mos"
PICTURES = 3000
"""More pictures hardly help 36 features, and each costs a tenth of a second."""


def train_model(job: TrainingJob) -> Path:
    """Fit to `--set pictures=N` of the training samples (3000), drawn by the seed; returns the safetensors file.

    Parameters are chosen inside the training samples; the validation samples stay unseen.
    """
    count = _count(job.options)
    chosen = list(job.train)
    random.Random(job.seed).shuffle(chosen)
    chosen = sorted(chosen[:count], key=lambda sample: str(sample.path))
    badness = 100 - job.dataset.scales[OPINION].convert(score_values(chosen, OPINION), PERCENT)
    fit = fit_regression(
        compute_features(chosen, job.folder), badness, [sample.scene for sample in chosen], seed=job.seed
    )
    tensors, notes = to_safetensors(fit.regression)
    path = job.folder / "brisque.safetensors"
    found = {"ridge": repr(fit.ridge), "pictures": str(len(chosen)), "held_out_srocc": f"{fit.held_out_srocc:.4f}"}
    save_file(dict(tensors), path, metadata={**notes, **found, "dataset": job.dataset.name, "seed": str(job.seed)})
    return path


def predict_scores(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """100 minus BRISQUE, so that higher is better, 0 to 100; OpenCV's regression too, by the path of its model."""
    model = load_brisque(weights or model_weights.locate_weights("brisque").path)
    return {OPINION: np.array([100 - model.score(load_picture(sample.path)).item() for sample in samples])}


def _count(options: Mapping[str, str]) -> int:
    unknown = sorted(set(options) - {"pictures"})
    if unknown:
        raise ConfigError(f"no option {unknown[0]!r}: brisque has pictures")
    try:
        count = int(options.get("pictures", str(PICTURES)))
    except ValueError as error:
        raise ConfigError(f"pictures is {options['pictures']!r}: give a number") from error
    if count < 2:
        raise ConfigError(f"pictures is {count}: a regression needs more")
    return count


BRISQUE = Recipe(
    model="brisque",
    title="Mittal et al. 2012: 36 features of naturalness, regression fitted to opinions",
    datasets=("biq2021", "siqd", "koniq10k", "clive", "spaq", "live", "csiq", "tid2013", "kadid10k"),
    train=train_model,
    predict=predict_scores,
)
