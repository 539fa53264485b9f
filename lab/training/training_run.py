"""Start or go on with one training in its own folder, and refuse to go on with another one's."""

import json
from collections.abc import Mapping
from pathlib import Path

from domain.errors import ConfigError
from lab.training import dataset_splits
from lab.training.datasets import dataset_folder
from lab.training.recipe import Recipe, TrainingJob
from lab.training.samples import Dataset

JOB = "job.json"


def run_training(
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
    samples = dataset.read(dataset_folder(dataset.name, data))
    split = dataset_splits.default_split(samples, repetition)
    folder = run_folder(runs, recipe, dataset.name, repetition)
    claim_folder(folder, {"seed": seed, "repetition": repetition, "options": dict(options or {}), "n": len(samples)})
    job = TrainingJob(
        dataset=dataset,
        train=[samples[index] for index in split.train],
        validation=[samples[index] for index in split.validation],
        folder=folder,
        seed=seed,
        start=start,
        options=options or {},
    )
    return recipe.train(job)


def run_folder(runs: Path, recipe: Recipe, dataset: str, repetition: int = 0) -> Path:
    """Where a training of this model on this data set lies among `runs`."""
    return runs / (f"{recipe.model}-{dataset}" + (f"-{repetition}" if repetition else ""))


def claim_folder(folder: Path, settings: Mapping[str, object]) -> None:
    """Note the settings in a new folder. Raises ConfigError where the folder holds a training with others."""
    path = folder / JOB
    if path.is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        if before != settings:
            raise ConfigError(f"{folder} holds a training with {before}, not {settings}: choose another folder")
        return
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings) + "\n", encoding="utf-8")
