"""How well detectors do lately, from the few answers of the learned models, and what of it is usual at this hour.

Models run every ten seconds or every minute, so that one answer says little: what is judged and learned are a median
and means over the last minutes. How many people and faces there are to be found depends on the hour, so each hour of
the day (UTC) has a usual value of its own, learned under the metric's key, `@`, the hour, and `/` and a name of the
models that measured it: what another model finds says nothing about what this one usually does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import fmean, median
from zlib import crc32

from domain.baselines import BaselinePart, BaselineState, CameraBaseline, Statistic
from domain.metrics import FrameScores

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
_MODELS: Mapping[str, tuple[str, ...]] = {
    "detectability": ("detectability",),
    "person_count": ("faster_rcnn",),
    "face_count": ("mtcnn",),
    _FACE_QUALITY: ("sfiqa",),
}
"""How the names of the models begin that measure each metric."""
_SLOT_S = 300.0
_COURSES_OF_PEOPLE = 14
"""Courses of the light: people come by the week, so that the yield is compared once two weekends were seen."""
LEAST_ROWS = 10
"""What fewer frames showed at the edge of an hour is not what is usual in it."""


@dataclass(frozen=True, slots=True)
class _Span:
    """For how long the samples of a metric count, and from how many on, in how many slots of five minutes, they say
    something: many samples of one person are one person.
    """

    lasts: timedelta
    least: int
    slots: int = 1


_SPANS: Mapping[str, _Span] = {
    "detectability": _Span(timedelta(minutes=10), 6),
    **dict.fromkeys(_COUNTS, _Span(timedelta(hours=1), 20, 4)),
    _FACE_QUALITY: _Span(timedelta(hours=1), 5, 4),
}


@dataclass(frozen=True, slots=True)
class _ModelSample:
    """What a model measured; `by` are the fingerprints of the models that measure this."""

    at: datetime
    value: float
    by: str


@dataclass(frozen=True, slots=True)
class DetectionWindow:
    """The samples of the last hour at most, oldest first, by metric; `values` are the numbers of `HOURLY` they give.

    `by` names the models that each of these rests on; "" where no frame said which they were.
    """

    samples: Mapping[str, tuple[_ModelSample, ...]] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    by: Mapping[str, str] = field(default_factory=dict)

    def follow(self, now: datetime, scores: FrameScores) -> "DetectionWindow":
        """Return the window after one more picture; itself if nothing changes."""
        kept = {metric: _add_sample(self.samples.get(metric, ()), metric, scores, now) for metric in _SPANS}
        if all(kept[metric] is self.samples.get(metric, ()) for metric in _SPANS):
            return self
        enough = {metric: samples for metric, samples in kept.items() if _has_enough_samples(samples, _SPANS[metric])}
        return DetectionWindow(kept, _summarise_samples(enough), _name_models(enough))

    def by_hour(self, hour: int) -> dict[str, float]:
        """Return the numbers of `HOURLY` under the keys by which they are learned for this hour."""
        return {self._key(metric, hour): value for metric, value in self.values.items()}

    def usual_at(self, baseline: CameraBaseline | None, now: datetime, course_s: float) -> CameraBaseline | None:
        """Return the baseline with what is usual at this hour under the metrics' own keys, where it was learned.

        What the first minutes showed is no usual value: detection is not judged before this part of the baseline is
        done. `course_s` is how long a course of the light takes.
        """
        if baseline is None or baseline.state_of(BaselinePart.DETECTION) not in _SETTLED:
            return baseline
        learned = baseline.parts.get(BaselinePart.DETECTION)
        since = learned.started_at if learned is not None else baseline.started_at
        weeks_known = (now - since).total_seconds() >= _COURSES_OF_PEOPLE * course_s
        statistics = dict(baseline.statistics)
        for metric in self.values:
            usual = statistics.get(self._key(metric, now.hour))
            if usual is not None and usual.count >= LEAST_ROWS and (weeks_known or metric != YIELD):
                statistics[metric] = usual
        return replace(baseline, statistics=statistics)

    def _key(self, metric: str, hour: int) -> str:
        by = self.by.get(metric, "")
        return f"{metric}@{hour:02d}" + (f"/{by}" if by else "")


def _add_sample(
    samples: tuple[_ModelSample, ...], metric: str, scores: FrameScores, now: datetime
) -> tuple[_ModelSample, ...]:
    """Return the samples of a metric that still count; the same object where none came and none went.

    Another model begins from nothing.
    """
    oldest = now - _SPANS[metric].lasts
    if samples and samples[0].at <= oldest:
        samples = tuple(sample for sample in samples if sample.at > oldest)
    if metric not in scores.values:
        return samples
    by = _measured_by(metric, scores.models)
    if samples and samples[-1].by != by:
        samples = ()
    return (*samples, _ModelSample(now, float(scores.values[metric]), by))


def _measured_by(metric: str, models: Mapping[str, str]) -> str:
    """Return the fingerprints behind a metric, without what they say of the arithmetic of one worker."""
    own = sorted(name for name in models if name.startswith(_MODELS[metric]))
    return " ".join(part for name in own for part in models[name].split("+") if "@" in part)


def _has_enough_samples(samples: tuple[_ModelSample, ...], span: _Span) -> bool:
    slots = {sample.at.timestamp() // _SLOT_S for sample in samples}
    return len(samples) >= span.least and len(slots) >= span.slots


def _summarise_samples(enough: Mapping[str, tuple[_ModelSample, ...]]) -> dict[str, float]:
    numbers = {metric: [sample.value for sample in samples] for metric, samples in enough.items()}
    counted = [fmean(numbers[metric]) for metric in _COUNTS if metric in numbers]
    found = {DETECTABILITY: numbers.get("detectability"), FACES: numbers.get(_FACE_QUALITY)}
    values = {key: median(kept) for key, kept in found.items() if kept is not None}
    return {**values, YIELD: sum(counted)} if counted else values


def _name_models(enough: Mapping[str, tuple[_ModelSample, ...]]) -> dict[str, str]:
    """Return a short name of the models behind each number; of the yield also of which counts there are."""
    by = {metric: samples[-1].by for metric, samples in enough.items()}
    counts = "" if all(metric in by for metric in _COUNTS) else "-".join(metric for metric in _COUNTS if metric in by)
    named = {
        DETECTABILITY: by.get("detectability", ""),
        FACES: by.get(_FACE_QUALITY, ""),
        YIELD: counts + "".join(by.get(metric, "") for metric in _COUNTS),
    }
    return {key: f"{crc32(name.encode()):08x}" for key, name in named.items() if name}


def forget_replaced(statistics: Mapping[str, Statistic], learned: Mapping[str, Statistic]) -> dict[str, Statistic]:
    """Return the statistics without those of an hour that other models measured than those of `learned`."""
    hours = {key.partition("/")[0] for key in learned if "@" in key}
    return {key: one for key, one in statistics.items() if key in learned or key.partition("/")[0] not in hours}


def unmeasured_reasons(values: Iterable[str]) -> dict[str, str]:
    """Return why each number of `HOURLY` that is not among `values` is missing."""
    return {key: reason for key, reason in TOO_FEW.items() if key not in values}
