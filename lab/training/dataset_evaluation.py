"""How well a model's answers agree with a data set's labels, on one side of its split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detectors.models.weights import read_manifest, sha256
from domain.errors import ConfigError
from lab.training.dataset_splits import Half, default_split
from lab.training.datasets import dataset_folder
from lab.training.measures.agreement import Agreement, measure_agreement
from lab.training.paper_table import Scatter
from lab.training.recipe import Recipe
from lab.training.samples import Dataset, Sample, score_values


class NothingAssessable(ConfigError):
    """The model answered for fewer than two of the pictures: take others."""


@dataclass(frozen=True)
class DatasetEvaluation:
    """Agreement and scatter by score name; `weights` is the SHA-256 of what answered, None where nothing is learned.

    Pictures that the model calls not assessable (NaN) are left out of a score's figures and counted.
    """

    weights: str | None
    agreements: Mapping[str, Agreement]
    not_assessable: Mapping[str, int]
    scatters: tuple[Scatter, ...]

    @property
    def headline(self) -> str:
        """The score that speaks for the model: the overall one, or the first."""
        return "overall" if "overall" in self.agreements else next(iter(self.agreements))

    def as_json(self) -> dict[str, object]:
        """The headline's measures under their own names, and all of them under `scores`."""
        every = {
            name: {**found.as_json(), "not_assessable": self.not_assessable[name]}
            for name, found in self.agreements.items()
        }
        return {"weights": self.weights, "score": self.headline, **every[self.headline], "scores": every}


def select_samples(dataset: Dataset, data: Path, half: Half, repetition: int = 0) -> list[Sample]:
    """The samples to judge. Raises ConfigError where the folder is incomplete or that side is empty."""
    samples = dataset.read(dataset_folder(dataset.name, data))
    if half is Half.ALL:
        return samples
    split = default_split(samples, repetition)
    side = [samples[index] for index in (split.validation if half is Half.VALIDATION else split.test)]
    if not side:
        raise ConfigError(f"{dataset.name} has no {half} side: judge another half")
    return side


def evaluate_model(
    recipe: Recipe, dataset: Dataset, samples: Sequence[Sample], weights: Path | None = None
) -> DatasetEvaluation:
    """Ask the model and compare, label scales put on the model's.

    Raises ConfigError where no score is common, NothingAssessable where a score is known of fewer than two pictures.
    """
    predicted = recipe.predict(weights, samples)
    names = [name for name in dataset.scales if name in predicted]
    if not names:
        raise ConfigError(
            f"{recipe.model} answers {', '.join(predicted)}; {dataset.name} labels {', '.join(dataset.scales)}"
        )
    known = {name: np.isfinite(predicted[name]) for name in names}
    if min(int(which.sum()) for which in known.values()) < 2:
        raise NothingAssessable(f"{recipe.model} assesses fewer than two of {len(samples)} pictures of {dataset.name}")
    scatters = []
    for name in names:
        labels = dataset.scales[name].convert(score_values(samples, name), recipe.scale)
        scatters.append(Scatter(f"{recipe.model} {name}", predicted[name][known[name]], labels[known[name]]))
    return DatasetEvaluation(
        weights=sha256(weights) if weights else _bundled_digest(recipe.model),
        agreements={
            name: measure_agreement(one.predicted, one.labels) for name, one in zip(names, scatters, strict=True)
        },
        not_assessable={name: int((~which).sum()) for name, which in known.items()},
        scatters=tuple(scatters),
    )


def _bundled_digest(model: str) -> str | None:
    entry = read_manifest().get(model)
    return entry.sha256 if entry else None
