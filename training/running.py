"""Start or go on with one training in its own folder, and refuse to go on with another one's."""

import json
from collections.abc import Mapping
from pathlib import Path

from domain.errors import ConfigError
from training import protocols
from training.datasets import folder_of
from training.recipe import Job, Recipe
from training.samples import Dataset

JOB = "job.json"


def run(
    recipe: Recipe,
    dataset: Dataset,
    data: Path,
    runs: Path,
    *,
    seed: int = 7,
    repetition: int = 0,
    start: Path | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Train on the usual split's training side and return the weights' path, in a folder of `runs`.

    Raises ConfigError, before anything is trained, where the model cannot learn from the data set, the data are
    incomplete, or the folder holds a training with other settings.
    """
    if dataset.name not in recipe.datasets:
        known = ", ".join(recipe.datasets) or "nothing: it does not learn"
        raise ConfigError(f"{recipe.model} does not learn from {dataset.name}; it learns from {known}")
    samples = dataset.read(folder_of(dataset.name, data))
    split = protocols.usual(samples, repetition)
    folder = folder_in(runs, recipe, dataset.name, repetition)
    claim(folder, {"seed": seed, "repetition": repetition, "options": dict(options or {}), "n": len(samples)})
    job = Job(
        dataset=dataset,
        train=[samples[index] for index in split.train],
        validation=[samples[index] for index in split.validation],
        folder=folder,
        seed=seed,
        start=start,
        options=options or {},
    )
    return recipe.train(job)


def folder_in(runs: Path, recipe: Recipe, dataset: str, repetition: int = 0) -> Path:
    """Where a training of this model on this data set lies among `runs`."""
    return runs / (f"{recipe.model}-{dataset}" + (f"-{repetition}" if repetition else ""))


def claim(folder: Path, settings: Mapping[str, object]) -> None:
    """Note the settings in a new folder. Raises ConfigError where the folder holds a training with others."""
    path = folder / JOB
    if path.is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        if before != settings:
            raise ConfigError(f"{folder} holds a training with {before}, not {settings}: choose another folder")
        return
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings) + "\n", encoding="utf-8")
