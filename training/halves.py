"""Which rows of a split a table trains on and judges, so that test pictures are not even read where they are not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.errors import ConfigError
from training.protocols import Split
from training.samples import Sample

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Sides:
    """Rows of the samples a table works with: to train on, to validate on, to judge."""

    training: Indices
    validation: Indices
    judged: Indices


def sides(split: Split, half: str) -> Sides:
    """The rows of a split where `half`, "test" or "validation", is judged. Raises ConfigError for an empty one."""
    if half not in {"test", "validation"}:
        raise ConfigError(f"a table is judged on its test or validation half, not on {half!r}")
    judged = split.test if half == "test" else split.validation
    if not judged:
        raise ConfigError(f"this split has no {half} half: judge the other")
    return Sides(*(np.array(side, np.int64) for side in (split.train, split.validation, judged)))


def without_test(samples: Sequence[Sample], split: Split, half: str) -> tuple[list[Sample], Split]:
    """The samples that are needed, and the split among them: all for "test", else all but the test half."""
    if half == "test":
        return list(samples), split
    kept = sorted((*split.train, *split.validation))
    place = {index: row for row, index in enumerate(kept)}
    moved = Split(tuple(place[index] for index in split.train), tuple(place[index] for index in split.validation), ())
    return [samples[index] for index in kept], moved
