"""Slow decline named while the picture is still usable: a trend, how steep, and how sure. Pure; no date is foretold.

Theil-Sen slope (Sen 1968) of daily values, Mann-Kendall test (Mann 1945, Kendall 1975) with the variance corrected for
autocorrelation (Hamed and Rao 1998), and the false discovery rate held over all cameras and metrics (Benjamini and
Hochberg 1995). What a single step explains better than a slope (a cleaned lens, a camera that was moved) is not named.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from domain.faults import Fault
from domain.verdict_time import MetricSeries

WINDOW = timedelta(days=92)
"""A decline is looked for in the last so many days of a period, and before its start where that is needed."""
FEWEST_DAYS = 21
NOON_HOURS = range(10, 16)
"""Local hours whose pictures are compared from day to day: light and season move them least."""
LEAST_CHANGE = 0.10
"""A trend over the window smaller than this share of where it began is not named, however sure it is."""
SURE = 0.05
"""Share of wrong ones among all that are named (false discovery rate)."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One kind of decline: which metric shows it, which way is worse, and which faults it ends in."""

    name: str
    metric: str
    worse: int
    floor: float
    faults: frozenset[Fault]


WATCHES: tuple[Watch, ...] = (
    Watch("focus", "sharpness", -1, 0.02, frozenset({Fault.BLUR})),
    Watch("dirt or film on the lens", "haze", 1, 0.02, frozenset({Fault.LOW_CONTRAST})),
    Watch("noise", "noise_floor", 1, 0.3, frozenset({Fault.NOISE})),
    Watch("contrast", "contrast_rms", -1, 0.01, frozenset({Fault.LOW_CONTRAST})),
)
"""`floor` is the least change over the window, in the metric's own unit, that a person could see."""


@dataclass(frozen=True, slots=True)
class Decline:
    """A decline of one camera: `slope` and its 95 % interval per 30 days in the metric's unit.

    `p` is the Mann-Kendall test's, two-sided; `q` the share of wrong ones among all trends at least as sure.
    """

    camera: str
    kind: str
    metric: str
    began: float
    ended: float
    slope: float
    slope_low: float
    slope_high: float
    p: float
    q: float
    days: int

    @property
    def change(self) -> float:
        """Return the change over the window as a share of where it began."""
        return (self.ended - self.began) / abs(self.began) if self.began else float("inf")


def daily_values(series: MetricSeries, zone: ZoneInfo) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return day numbers and the median of each day's hourly means around local noon; a day needs two of them."""
    if not len(series.at_s):
        return np.empty(0, np.int64), np.empty(0, np.float64)
    local = series.at_s + _offsets_s(series.at_s, zone)
    days, hours = local // 86_400, local % 86_400 // 3600
    kept = (hours >= NOON_HOURS.start) & (hours < NOON_HOURS.stop)
    days, means = days[kept], series.mean[kept]
    order = np.lexsort((means, days))
    days, means = days[order], means[order]
    found, first, counts = np.unique(days, return_index=True, return_counts=True)
    # The middle of each day's sorted means; the mean of both middles where there is no single one.
    medians = (means[first + (counts - 1) // 2] + means[first + counts // 2]) / 2
    return found[counts >= 2], medians[counts >= 2]


def _offsets_s(at_s: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """Return each instant's offset from UTC in seconds, asked once a day."""
    days, places = np.unique(at_s // 86_400, return_inverse=True)
    return np.array([_offset_s(int(day), zone) for day in days], np.int64)[places]


@lru_cache(maxsize=4096)
def _offset_s(day: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(day * 86_400 + 43_200, UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def trend(camera: str, watch: Watch, days: NDArray[np.int64], values: NDArray[np.float64]) -> Decline | None:
    """Return the trend of daily values, whichever way it goes; None where there are too few or none is certain.

    `q` is still the single test's; `name_declines` sets it.
    """
    from scipy import stats  # noqa: PLC0415 - a second of CPU and 40 MB, which no process that watches needs

    if len(values) < FEWEST_DAYS or float(np.ptp(values)) == 0.0:
        return None
    slope, intercept, low, high = stats.theilslopes(values, days, 0.95)
    p = mann_kendall_p(values, float(slope))
    began, ended = (float(intercept + slope * day) for day in (days[0], days[-1]))
    if p <= SURE and _step_explains_better(days, values, float(slope), float(intercept)):
        p = 1.0
    return Decline(
        camera, watch.name, watch.metric, began, ended, 30 * float(slope), 30 * float(low), 30 * float(high), p, p,
        len(values),
    )  # fmt: skip


def mann_kendall_p(values: NDArray[np.float64], slope: float) -> float:
    """Return the two-sided p of no trend in equally spaced values, ties and autocorrelation accounted for.

    `slope` a place is the trend that is taken out before the autocorrelation of the rest is looked at.
    """
    count = len(values)
    later = np.sign(values[None, :] - values[:, None])
    score = float(np.triu(later, 1).sum())
    _, ties = np.unique(values, return_counts=True)
    variance = (count * (count - 1) * (2 * count + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18.0
    variance *= _autocorrelation_factor(values, slope)
    if variance <= 0:
        return 1.0
    z = (score - np.sign(score)) / np.sqrt(variance)
    return math.erfc(abs(z) / math.sqrt(2))


def _autocorrelation_factor(values: NDArray[np.float64], slope: float) -> float:
    """Return by how much autocorrelation widens the score's variance (Hamed and Rao 1998, eq. 9), never below 1.

    From the ranks of what is left once the trend is taken out, its significant lags up to a quarter of the length.
    """
    from scipy import stats  # noqa: PLC0415

    count = len(values)
    places = np.arange(count)
    ranks = stats.rankdata(values - slope * places)
    centred = ranks - ranks.mean()
    power = float(centred @ centred)
    if power == 0:
        return 1.0
    lags = np.arange(1, max(2, count // 4))
    rho = np.array([float(centred[lag:] @ centred[:-lag]) / power for lag in lags])
    rho[np.abs(rho) < 1.96 / np.sqrt(count)] = 0.0
    weights = (count - lags) * (count - lags - 1) * (count - lags - 2)
    return max(1.0, float(1 + 2 / (count * (count - 1) * (count - 2)) * (weights * rho).sum()))


def _step_explains_better(days: NDArray[np.int64], values: NDArray[np.float64], slope: float, intercept: float) -> bool:
    """Return whether two levels with one jump leave less than the slope does (sums of absolute residuals)."""
    line = float(np.abs(values - (intercept + slope * days)).sum())
    fewest = max(3, len(values) // 10)
    best = min(
        float(np.abs(part - np.median(part)).sum() + np.abs(rest - np.median(rest)).sum())
        for at in range(fewest, len(values) - fewest)
        for part, rest in ((values[:at], values[at:]),)
    )
    return best < 0.9 * line


def name_declines(trends: Sequence[Decline], lost_to: Mapping[tuple[str, Fault], float]) -> Sequence[Decline]:
    """Return the trends that are sure, large enough to see, for the worse, and not yet a fault; the surest first.

    `lost_to` is the share of its time that a camera lost to a fault; a fault that lasted for more than a twentieth of
    it is no slow decline any more.
    """
    from scipy import stats  # noqa: PLC0415

    if not trends:
        return []
    q = stats.false_discovery_control([each.p for each in trends])
    known = {(watch.name, watch.metric): watch for watch in WATCHES}
    named = []
    for each, share in zip(trends, q, strict=True):
        watch = known[each.kind, each.metric]
        worse = watch.worse * (each.ended - each.began)
        seen = worse >= max(watch.floor, LEAST_CHANGE * abs(each.began))
        usable = all(lost_to.get((each.camera, fault), 0.0) <= 0.05 for fault in watch.faults)
        if share <= SURE and seen and usable:
            named.append(replace(each, q=float(share)))
    return sorted(named, key=lambda each: (each.q, each.camera, each.kind))
