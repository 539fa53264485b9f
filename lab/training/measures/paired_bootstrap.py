"""Is a difference more than chance? Several trainings of one method, judged on the same pictures as another's.

Intervals are 95 % percentiles over 1,000 draws of the pictures with replacement, the same draws for both methods. They
tell what other pictures would change; what another seed of the training would, only several trainings tell.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lab.training.samples import Values

DRAWS = 1000
SEED = 0
Measure = Callable[[Values, Values], float]
Runs = Sequence[Values]
"""What each training of one method answers, (N,) each."""


def mean_over_runs(measure: Measure, runs: Runs, labels: Values) -> float:
    """The mean of a measure over trainings."""
    return float(np.mean([measure(run, labels) for run in runs]))


def bootstrap_mean(measure: Measure, runs: Runs, labels: Values) -> tuple[float, float]:
    """95 % of the mean over trainings; NaN where no draw has a value."""
    return _middle([mean_over_runs(measure, [run[rows] for run in runs], labels[rows]) for rows in _draws(len(labels))])


def bootstrap_gain(measure: Measure, runs: Runs, others: Runs, labels: Values) -> tuple[float, float, float]:
    """How much higher the measure of `runs` is than that of `others`, with its 95 %."""
    differences = [
        mean_over_runs(measure, [run[rows] for run in runs], labels[rows])
        - mean_over_runs(measure, [run[rows] for run in others], labels[rows])
        for rows in _draws(len(labels))
    ]
    return mean_over_runs(measure, runs, labels) - mean_over_runs(measure, others, labels), *_middle(differences)


def _draws(count: int) -> list[NDArray[np.int64]]:
    generator = np.random.default_rng(SEED)
    return [generator.integers(0, count, count) for _ in range(DRAWS)]


def _middle(values: Sequence[float]) -> tuple[float, float]:
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return float("nan"), float("nan")
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)
