"""What a recipe is: how one model is trained on a data set, and what it answers afterwards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.training.samples import PERCENT, Dataset, Sample, Scale, Values


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One training. `folder` is its own: checkpoints, log and weights; a job begun there is gone on with.

    `start` is the file with weights to start from (ImageNet's, see docs/training.md), None for the recipe's own
    start. `options` are the recipe's switches by name, as given on the command line (`--set NAME=VALUE`).
    """

    dataset: Dataset
    train: Sequence[Sample]
    validation: Sequence[Sample]
    folder: Path
    seed: int = 7
    start: Path | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How `model` is trained and asked.

    `train` ends with a safetensors file and returns its path; it resumes from the job's folder and raises ConfigError
    early where something is missing. `predict` answers, for each score it knows by name ("mos"), one value a sample in
    their order, (N,), on `scale`; None as weights means the bundled ones (`WeightsUnavailable` where there are none).
    `datasets` are those the model can learn from; empty for a model that does not learn.
    """

    model: str
    title: str
    datasets: tuple[str, ...]
    train: Callable[[TrainingJob], Path]
    predict: Callable[[Path | None, Sequence[Sample]], Mapping[str, Values]]
    scale: Scale = PERCENT
