"""Image quality and detectability over a period: percentiles of hourly means, and their course. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.verdict_time import MetricSeries
from reports.usable_time.periods import Stretch

QUALITY_METRICS = ("image_quality", "detectability")
PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True, slots=True)
class Spread:
    """How one metric was distributed over its hourly means."""

    metric: str
    count: int
    """Hourly means."""
    mean: float
    p05: float
    """5th percentile; the other four likewise."""
    p25: float
    p50: float
    p75: float
    p95: float


@dataclass(frozen=True, slots=True)
class BucketSpread:
    """The middle and the outer tenths of one metric in one bucket of a period."""

    label: str
    p05: float
    p50: float
    p95: float
    count: int


def measure_spread(metric: str, values: NDArray[np.float64]) -> Spread | None:
    """Return the distribution of hourly means; None where there is none."""
    if not len(values):
        return None
    found = [float(each) for each in np.percentile(values, PERCENTILES)]
    return Spread(metric, len(values), float(values.mean()), *found)


def course(series: Iterable[MetricSeries], cuts: Sequence[Stretch]) -> Sequence[BucketSpread]:
    """Return how several cameras' hourly means were distributed in each bucket; buckets without any are left out."""
    kept = list(series)
    if not kept or not cuts:
        return []
    at = np.concatenate([each.at_s for each in kept])
    mean = np.concatenate([each.mean for each in kept])
    edges = np.array([cut.since.timestamp() for cut in cuts] + [cuts[-1].until.timestamp()])
    places = np.searchsorted(edges, at, side="right") - 1
    found = []
    for place, cut in enumerate(cuts):
        values = mean[places == place]
        if len(values):
            low, middle, high = (float(each) for each in np.percentile(values, (5, 50, 95)))
            found.append(BucketSpread(cut.label, low, middle, high, len(values)))
    return found
