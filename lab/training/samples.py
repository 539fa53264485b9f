"""A labelled picture, the scale its labels are on, and what a data set must offer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from domain.errors import ConfigError

Values = NDArray[np.float64]
"""(N,), one number a picture."""

TRAIN, VALIDATION, TEST = "train", "validation", "test"
"""What `Sample.split` may say."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture file and what people thought of it.

    `scores` by name ("mos" for one opinion of the whole picture), on the data set's own scale. `scene` names what the
    picture shows: pictures of one scene, reference or identity share it and stay on one side of every split.
    `split` is the publisher's own side, None where he made none.
    """

    path: Path
    scores: Mapping[str, float]
    scene: str
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """From `worst` to `best`; `worst` is the larger number where a higher value means a poorer picture (DMOS)."""

    worst: float
    best: float

    def convert(self, values: Values, other: "Scale") -> Values:
        """Values of this scale, put linearly on the other; what lies outside stays outside."""
        share = (values - self.worst) / (self.best - self.worst)
        moved: Values = other.worst + share * (other.best - other.worst)
        return moved


UNIT = Scale(0.0, 1.0)
PERCENT = Scale(0.0, 100.0)
"""Ours: what every detector of picture quality answers on."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A public data set. `read` takes its folder as distributed; ConfigError names what is missing in it.

    `scales` by score name, in the order the publisher lists them. `licence` is what the publisher says.
    """

    name: str
    title: str
    source: str
    licence: str
    scales: Mapping[str, Scale]
    read: Callable[[Path], list[Sample]]


def score_values(samples: Sequence[Sample], score: str) -> Values:
    """One score of all samples, (N,), on the data set's own scale."""
    return np.array([sample.scores[score] for sample in samples], np.float64)


def require_path(path: Path, advice: str) -> Path:
    """Return `path` where it exists. Raises ConfigError naming it and what to do otherwise."""
    if not path.exists():
        raise ConfigError(f"{path} is missing: {advice}")
    return path
