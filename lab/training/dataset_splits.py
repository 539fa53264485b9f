"""Who is trained on and who is judged: splits that never part one scene, reference or identity.

Every split follows from its seed alone. Selection, stopping and calibration happen on `validation`, which is carved
from what may be trained on; `test` is looked at once.
"""

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from domain.errors import ConfigError
from lab.training.samples import TEST, VALIDATION, Sample

SEED = 2021
VALIDATION_SHARE = 0.1


class Half(StrEnum):
    """Which samples are judged. `test` is for final figures; `all` for a data set that nothing was trained on."""

    VALIDATION = "validation"
    TEST = "test"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Split:
    """Ascending indices into the samples."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


def split_by_shares(samples: Sequence[Sample], *, validation: float, test: float, seed: int = SEED) -> Split:
    """Whole scenes, shuffled, until each side has at least its share of the samples; the rest trains.

    The papers' 7:1:2 is `validation=0.1, test=0.2`. Raises ConfigError where there are too few scenes.
    """
    order = _shuffle_scenes(samples, range(len(samples)), seed)
    tested, rest = _take_scenes(order, test * len(samples))
    validated, trained = _take_scenes(rest, validation * len(samples))
    return _build_split(trained, validated, tested)


def repeated_splits(
    samples: Sequence[Sample], *, count: int = 10, test: float = 0.2, validation: float = VALIDATION_SHARE
) -> list[Split]:
    """Return `count` independent splits by scene, as Lu et al. 2022 and Yang et al. 2019 repeat theirs.

    `validation` is the share of all samples; the papers name none, ours is carved from the training side.
    """
    return [split_by_shares(samples, validation=validation, test=test, seed=SEED + index) for index in range(count)]


def split_into_folds(samples: Sequence[Sample], *, count: int = 5, validation: float = 0.1) -> list[Split]:
    """`count` splits in which each sample is tested once; with five folds and a tenth to validate on, 7:1:2 each."""
    parts: list[list[int]] = [[] for _ in range(count)]
    for members in _shuffle_scenes(samples, range(len(samples)), SEED):
        min(parts, key=len).extend(members)
    splits = []
    for index, part in enumerate(parts):
        others = [member for place, other in enumerate(parts) if place != index for member in other]
        rest = _shuffle_scenes(samples, sorted(others), SEED + 1 + index)
        validated, trained = _take_scenes(rest, validation * len(samples))
        splits.append(_build_split(trained, validated, [part]))
    return splits


def published_split(samples: Sequence[Sample], *, validation: float = VALIDATION_SHARE, seed: int = SEED) -> Split:
    """The publisher's own sides; where he made no validation split, one of whole scenes carved from training.

    Raises ConfigError where a sample is on no side.
    """
    if any(sample.split is None for sample in samples):
        raise ConfigError("this data set was published without a split: choose a split by scene")
    test = [index for index, sample in enumerate(samples) if sample.split == TEST]
    validated = [index for index, sample in enumerate(samples) if sample.split == VALIDATION]
    rest = sorted(set(range(len(samples))) - set(test) - set(validated))
    if validated:
        return _build_split([rest], [validated], [test])
    carved, trained = _take_scenes(_shuffle_scenes(samples, rest, seed), validation * len(rest))
    return _build_split(trained, carved, [test])


def default_split(samples: Sequence[Sample], repetition: int = 0) -> Split:
    """The publisher's split where there is one, else 7:1:2 by scene; `repetition` changes what is drawn by chance."""
    if samples and all(sample.split is not None for sample in samples):
        return published_split(samples, seed=SEED + repetition)
    return split_by_shares(samples, validation=VALIDATION_SHARE, test=0.2, seed=SEED + repetition)


def _shuffle_scenes(samples: Sequence[Sample], indices: Sequence[int], seed: int) -> list[list[int]]:
    """The indices by scene, the scenes in the order that the seed gives."""
    scenes: dict[str, list[int]] = defaultdict(list)
    for index in indices:
        scenes[samples[index].scene].append(index)
    order = sorted(scenes)
    random.Random(seed).shuffle(order)
    return [scenes[scene] for scene in order]


def _take_scenes(scenes: list[list[int]], wanted: float) -> tuple[list[list[int]], list[list[int]]]:
    """The first scenes with at least `wanted` members together, and the rest."""
    least = math.ceil(wanted - 1e-6)
    count = taken = 0
    while taken < least and count < len(scenes):
        taken += len(scenes[count])
        count += 1
    return scenes[:count], scenes[count:]


def _build_split(train: list[list[int]], validation: list[list[int]], test: list[list[int]]) -> Split:
    sides = [tuple(sorted(index for scene in side for index in scene)) for side in (train, validation, test)]
    if not sides[0]:
        raise ConfigError("too few scenes to train on after validation and test are taken: give more pictures")
    return Split(*sides)


Indices = NDArray[np.int64]


@dataclass(frozen=True)
class SplitRows:
    """Rows of the samples a table works with: to train on, to validate on, to judge."""

    training: Indices
    validation: Indices
    judged: Indices


def select_rows(split: Split, half: str) -> SplitRows:
    """The rows of a split where `half`, "test" or "validation", is judged. Raises ConfigError for an empty one."""
    if half not in {"test", "validation"}:
        raise ConfigError(f"a table is judged on its test or validation half, not on {half!r}")
    judged = split.test if half == "test" else split.validation
    if not judged:
        raise ConfigError(f"this split has no {half} half: judge the other")
    return SplitRows(*(np.array(side, np.int64) for side in (split.train, split.validation, judged)))


def leave_out_test(samples: Sequence[Sample], split: Split, half: str) -> tuple[list[Sample], Split]:
    """The samples that are needed, and the split among them: all for "test", else all but the test half."""
    if half == "test":
        return list(samples), split
    kept = sorted((*split.train, *split.validation))
    place = {index: row for row, index in enumerate(kept)}
    moved = Split(tuple(place[index] for index in split.train), tuple(place[index] for index in split.validation), ())
    return [samples[index] for index in kept], moved
