"""Slow decline named while the picture is still usable: a trend, how steep, and how sure. Pure; no date is predicted.

The false discovery rate is held over all cameras and metrics. What a single step explains better than a slope (a
cleaned lens, a camera that was moved) is not named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from domain.faults import Fault
from domain.verdict_time import MetricSeries
from reports.measures.robust_trend import control_false_discoveries, mann_kendall_p, theil_sen

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
    """A trend for the worse of one camera."""

    camera: str
    kind: str
    """Which decline it is: a key of this module."""
    metric: str
    """Its key."""
    began: float
    ended: float
    slope: float
    """Per 30 days, in the metric's unit."""
    slope_low: float
    """Lower end of its 95 % interval; `slope_high` is the upper one."""
    slope_high: float
    p: float
    """Of the Mann-Kendall test, two-sided."""
    q: float
    """Share of wrong ones among all trends at least as sure (false discovery rate)."""
    days: int
    """Days with values."""

    @property
    def change(self) -> float:
        """Return the change over the window as a share of where it began."""
        return (self.ended - self.began) / abs(self.began) if self.began else float("inf")


def noon_hours(since: datetime, until: datetime, zone: ZoneInfo) -> frozenset[int]:
    """Return the hours of UTC that begin around local noon on a day of the stretch, whatever the clock did in it."""
    days = range(int(since.timestamp()) // 86_400, int(until.timestamp()) // 86_400 + 1)
    offsets = {_offset_s(day, zone) for day in days}
    return frozenset(
        hour for hour in range(24) for offset in offsets if (hour * 3600 + offset) % 86_400 // 3600 in NOON_HOURS
    )


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
    if len(values) < FEWEST_DAYS or float(np.ptp(values)) == 0.0:
        return None
    line = theil_sen(days, values)
    p = mann_kendall_p(values, line.slope)
    began, ended = (float(line.intercept + line.slope * day) for day in (days[0], days[-1]))
    if p <= SURE and _step_explains_better(values, values - (line.intercept + line.slope * days)):
        p = 1.0
    return Decline(
        camera, watch.name, watch.metric, began, ended, 30 * line.slope, 30 * line.low, 30 * line.high, p, p,
        len(values),
    )  # fmt: skip


def name_declines(trends: Sequence[Decline], lost_to: Mapping[tuple[str, Fault], float]) -> Sequence[Decline]:
    """Return the trends that are sure, large enough to see, for the worse, and not yet a fault; the surest first.

    `lost_to` is the share of its time that a camera lost to a fault; a fault that lasted for more than a twentieth of
    it is no slow decline any more.
    """
    if not trends:
        return []
    q = control_false_discoveries(np.array([each.p for each in trends]))
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


def _step_explains_better(values: NDArray[np.float64], residuals: NDArray[np.float64]) -> bool:
    """Return whether two levels with one jump leave less than a line's `residuals` (sums of absolute ones)."""
    count = len(values)
    fewest = max(3, count // 10)
    before, after = _spread_of_first(values), _spread_of_first(values[::-1])[::-1]
    best = float((before[fewest : count - fewest] + after[fewest : count - fewest]).min())
    return best < 0.9 * float(np.abs(residuals).sum())


def _spread_of_first(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of absolute distances from their median of the first 0, 1, ... all values."""
    count = len(values)
    places = np.arange(count)
    lengths = np.arange(1, count + 1)
    first = np.where(places < lengths[:, None], values, np.inf)
    first.sort(axis=1)
    middle = (first[places, (lengths - 1) // 2] + first[places, lengths // 2]) / 2
    apart = np.where(places < lengths[:, None], np.abs(values - middle[:, None]), 0.0)
    return np.concatenate([[0.0], apart.sum(axis=1)])
