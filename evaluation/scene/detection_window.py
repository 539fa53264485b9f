"""How well detectors do lately, from the few looks of the learned models, and what of it is usual at this hour.

Models look every ten seconds or every minute, so that one look says little: what is judged and learned are a median
and means over the last minutes. How many people and faces there are to be found depends on the hour, so each hour of
the day (UTC) has a usual value of its own, learned under the metric's key, `@` and the hour.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import fmean, median

from domain.baselines import BaselinePart, BaselineState, CameraBaseline

DETECTABILITY, YIELD, FACES = "detectability_recent", "detections_per_look", "face_quality_recent"
HOURLY = (DETECTABILITY, YIELD, FACES)
TOO_FEW: Mapping[str, str] = {
    DETECTABILITY: "detectability was measured too rarely in the last ten minutes",
    YIELD: "people and faces were counted too rarely in the last hour",
    FACES: "too few faces were rated in the last hour",
}
"""Why there is no number, in words."""

_COUNTS = ("person_count", "face_count")
_FACE_QUALITY = "face_overall_median"
_SETTLED = frozenset({BaselineState.LEARNED, BaselineState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class _Span:
    """For how long the looks of a metric count, and from how many on they say something."""

    lasts: timedelta
    least: int


_SPANS: Mapping[str, _Span] = {
    "detectability": _Span(timedelta(minutes=10), 6),
    **dict.fromkeys(_COUNTS, _Span(timedelta(hours=1), 20)),
    _FACE_QUALITY: _Span(timedelta(hours=1), 5),
}


@dataclass(frozen=True, slots=True)
class DetectionWindow:
    """The looks of the last hour at most, oldest first, by metric; `values` are the numbers of `HOURLY` they give."""

    looks: Mapping[str, tuple[tuple[datetime, float], ...]] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)

    def follow(self, now: datetime, measured: Mapping[str, float]) -> "DetectionWindow":
        """Return the window after one more picture, of which `measured` are the numbers; itself if nothing changes."""
        kept = {metric: _add_look(self.looks.get(metric, ()), metric, measured, now) for metric in _SPANS}
        if all(kept[metric] is self.looks.get(metric, ()) for metric in _SPANS):
            return self
        return DetectionWindow(kept, _summarise_looks(kept))


def _add_look(
    looks: tuple[tuple[datetime, float], ...], metric: str, measured: Mapping[str, float], now: datetime
) -> tuple[tuple[datetime, float], ...]:
    """Return the looks of a metric that still count; the same object where none came and none went."""
    oldest = now - _SPANS[metric].lasts
    if looks and looks[0][0] <= oldest:
        looks = tuple(look for look in looks if look[0] > oldest)
    return (*looks, (now, float(measured[metric]))) if metric in measured else looks


def _summarise_looks(looks: Mapping[str, tuple[tuple[datetime, float], ...]]) -> dict[str, float]:
    enough = {metric: [value for _, value in kept] for metric, kept in looks.items()}
    enough = {metric: values for metric, values in enough.items() if len(values) >= _SPANS[metric].least}
    counted = [fmean(enough[metric]) for metric in _COUNTS if metric in enough]
    found = {DETECTABILITY: enough.get("detectability"), FACES: enough.get(_FACE_QUALITY)}
    values = {key: median(kept) for key, kept in found.items() if kept is not None}
    return {**values, YIELD: sum(counted)} if counted else values


def add_hour(values: Mapping[str, float], hour: int) -> dict[str, float]:
    """Return the numbers of `HOURLY` under the keys by which they are learned for this hour."""
    return {f"{key}@{hour:02d}": value for key, value in values.items()}


def usual_at(reference: CameraBaseline | None, hour: int) -> CameraBaseline | None:
    """Return the baseline with what is usual at this hour under the metrics' own keys, where it was learned.

    What the first minutes showed is no usual value: detection is not judged before this part of the baseline is done.
    """
    if reference is None or reference.state_of(BaselinePart.DETECTION) not in _SETTLED:
        return reference
    statistics = reference.statistics
    at_hour = {key: statistics[f"{key}@{hour:02d}"] for key in HOURLY if f"{key}@{hour:02d}" in statistics}
    return replace(reference, statistics={**statistics, **at_hour}) if at_hour else reference


def why_not_measured(values: Iterable[str]) -> dict[str, str]:
    """Return why each number of `HOURLY` that is not among `values` is missing."""
    return {key: why for key, why in TOO_FEW.items() if key not in values}
