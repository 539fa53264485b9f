"""The recipe of NIQE: a model of the pictures that people like best; no opinion is learned beyond that choice."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

from detectors import weights as model_weights
from detectors.baselines.niqe import as_tensors, fitted, loaded
from domain.errors import ConfigError
from training.baselines.material import picture
from training.recipe import Job, Recipe
from training.samples import PERCENT, Sample, Values, score_values

OPINION = "mos"
PICTURES = 125
"""As many as the authors' own model is made from; of a small set no more than its best quarter."""


def trained(job: Job) -> Path:
    """Fit to the training pictures of the highest opinion, at most 125; returns the safetensors file."""
    if job.options:
        raise ConfigError(f"no option {min(job.options)!r}: niqe has none")
    quality = job.dataset.scales[OPINION].mapped(score_values(job.train, OPINION), PERCENT)
    best = sorted(np.argsort(-quality, kind="stable")[: min(PICTURES, len(job.train) // 4)].tolist())
    try:
        model = fitted(picture(job.train[index].path) for index in best)
    except ValueError as error:
        raise ConfigError(f"no model of {job.dataset.name}: {error}") from error
    path = job.folder / "niqe.safetensors"
    save_file(dict(as_tensors(model)), path, metadata={"pictures": str(len(best)), "dataset": job.dataset.name})
    return path


def predicted(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """100 minus NIQE, so that higher is better; a distance has no scale of opinions, so only its order means much."""
    model = loaded(weights or model_weights.located("niqe").path)
    return {OPINION: np.array([100 - model.score(picture(sample.path)).item() for sample in samples])}


NIQE = Recipe(
    model="niqe",
    title="Mittal et al. 2013: distance from a model of good pictures",
    datasets=("biq2021", "siqd", "koniq10k", "clive", "spaq"),
    train=trained,
    predict=predicted,
)
