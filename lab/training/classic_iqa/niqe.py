"""The recipe of NIQE: a model of the pictures that people like best; no opinion is learned beyond that choice."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

from detectors.models import weights as model_weights
from detectors.models.classic_iqa.niqe import fit_niqe, load_niqe, to_tensors
from domain.errors import ConfigError
from lab.training.classic_iqa.features import load_picture
from lab.training.recipe import Recipe, TrainingJob
from lab.training.samples import PERCENT, Sample, Values, score_values

OPINION = "mos"
PICTURES = 125
"""As many as the authors' own model is made from; of a small set no more than its best quarter."""


def train_model(job: TrainingJob) -> Path:
    """Fit to the training pictures of the highest opinion, at most 125; returns the safetensors file."""
    if job.options:
        raise ConfigError(f"no option {min(job.options)!r}: niqe has none")
    quality = job.dataset.scales[OPINION].convert(score_values(job.train, OPINION), PERCENT)
    best = sorted(np.argsort(-quality, kind="stable")[: min(PICTURES, len(job.train) // 4)].tolist())
    try:
        model = fit_niqe(load_picture(job.train[index].path) for index in best)
    except ValueError as error:
        raise ConfigError(f"no model of {job.dataset.name}: {error}") from error
    path = job.folder / "niqe.safetensors"
    save_file(dict(to_tensors(model)), path, metadata={"pictures": str(len(best)), "dataset": job.dataset.name})
    return path


def predict_scores(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """100 minus NIQE, so that higher is better; a distance has no scale of opinions, so only its order means much."""
    model = load_niqe(weights or model_weights.locate_weights("niqe").path)
    return {OPINION: np.array([100 - model.score(load_picture(sample.path)).item() for sample in samples])}


NIQE = Recipe(
    model="niqe",
    title="Mittal et al. 2013: distance from a model of good pictures",
    datasets=("biq2021", "siqd", "koniq10k", "clive", "spaq"),
    train=train_model,
    predict=predict_scores,
)
