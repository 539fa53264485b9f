"""A camera beside the other cameras of its site at the same time, before it has a past. Pure; ours.

What all of them show is the hour and the weather; what one shows alone is its own. Each number is compared with the
site's own spread: the distance from the median of its cameras in half widths of their middle two thirds, on the side
it lies on (16th to 50th, or 50th to 84th percentile). A fault is what several independent numbers say together.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from domain.faults import Fault
from domain.metric_words import name_metric, write_quantity
from domain.metrics import MetricSpec
from evaluation.rules.thresholds import PICTURE_FAULT

PIXELS = "pixels"
"""The picture's width times its height, beside the metrics: what depends on it is compared between like sizes alone."""
LEAST_CAMERAS = 8
"""So many cameras, the one judged included, say what is usual at a site; fewer may all be of one faulty batch."""
LIKE_SIZE = 1.6
"""Pictures of so many times as many pixels at most (a quarter more of width and height) show like detail."""
LIGHT, DARKEST = "luma_mean", 0.15
"""By lamplight colours and detail say little about lens and filter: a darker picture is not compared."""
LEAST, MOST, MOST_VOTED = -2.0, 4.0, 8.0
"""No number counts for less or more spreads, nor a model for more, so that none decides by itself."""
AGREEING = 1.0
"""Mean distance that the numbers must have where a model's vote decides."""
LOWER, UPPER = 15.87, 84.13
"""Percentiles of one standard deviation to either side of a normal distribution."""


class SignScale(StrEnum):
    """On which a number is compared."""

    LINEAR = "linear"
    LOG = "log"
    LOGIT = "logit"


_TO_SCALE: Mapping[SignScale, Callable[[float], float]] = MappingProxyType(
    {
        SignScale.LINEAR: lambda value: value,
        SignScale.LOG: lambda value: math.log(max(value, 1e-3)),
        SignScale.LOGIT: lambda value: math.log(max(value, 1e-7) / max(1 - value, 1e-7)),
    }
)


@dataclass(frozen=True, slots=True)
class Sign:
    """A number that says something about a fault: which side is worse (1 high, -1 low), and how it is compared.

    `least`: spread of which a narrower site is taken, on the scale; cameras of one model may be alike to a hair.
    `sized`: depends on the size of the picture. `weight`: how often it counts in a mean.
    """

    metric: str
    worse: int
    least: float
    scale: SignScale = SignScale.LINEAR
    sized: bool = False
    weight: int = 1


@dataclass(frozen=True, slots=True)
class FleetRule:
    """Numbers that must stand out together: their mean distance, none counting for more than `MOST`.

    `alone`: mean distance of `signs` that calls a camera. `votes`: what learned models say, one of each group (the one
    that stands out most), each counting twice; `agreed`: mean distance of signs and votes that calls a camera too.
    `poorer`: mean distance of signs, votes and image quality, which counts twice as well, that calls one too.
    """

    fault: Fault
    signs: tuple[Sign, ...]
    votes: tuple[tuple[Sign, ...], ...]
    alone: float
    agreed: float
    says: str
    poorer: float = math.inf


def _model_votes(*kinds: str) -> tuple[Sign, ...]:
    return tuple(Sign(f"{PICTURE_FAULT}{kind}", 1, 1.0, SignScale.LOGIT) for kind in kinds)


QUALITY = Sign("image_quality", -1, 4.0, sized=True)
"""What people would say of the picture as a whole: it names no fault, and is asked where other numbers name one."""
RULES: tuple[FleetRule, ...] = (
    FleetRule(
        Fault.TOO_BRIGHT,
        (
            Sign("luma_mean", 1, 0.06),
            Sign("clipped_share", 1, 0.03),
            Sign("texture_share", -1, 0.08, sized=True),
        ),
        (_model_votes("burnt_out"),),
        alone=3.0,
        agreed=3.8,
        poorer=3.0,
        says="much more of the picture is burnt out than at the site's other cameras",
    ),
    FleetRule(
        Fault.TOO_BRIGHT,
        (Sign("clipped_share", 1, 0.03), Sign("luma_mean", 1, 0.06), Sign("luma_p05", 1, 0.05)),
        (_model_votes("burnt_out"),),
        alone=3.6,
        agreed=4.8,
        says="much brighter than the site's other cameras, its darkest parts too",
    ),
    FleetRule(
        Fault.BLUR,
        (
            Sign("sharpness", -1, 0.04, sized=True),
            Sign("edge_width", 1, 0.1, SignScale.LOG, sized=True),
            Sign("texture_share", -1, 0.08, sized=True),
            Sign("local_contrast", -1, 0.15, SignScale.LOG, sized=True),
        ),
        (_model_votes("defocus", "condensation"),),
        alone=3.3,
        agreed=3.6,
        poorer=3.3,
        says="much softer than the site's other cameras: out of focus, or water, dirt or a film on lens or dome",
    ),
    FleetRule(
        Fault.LOW_CONTRAST,
        (
            Sign("contrast_rms", -1, 0.03),
            Sign("haze", 1, 0.03),
            Sign("luma_p05", 1, 0.05),
            Sign("texture_share", -1, 0.08, sized=True),
        ),
        (_model_votes("fog", "condensation"),),
        alone=3.2,
        agreed=4.0,
        poorer=3.0,
        says="more washed out than the site's other cameras: water, dirt or a film on lens or dome, or fog here alone",
    ),
    FleetRule(
        Fault.LOW_CONTRAST,
        (
            Sign("haze", 1, 0.03),
            Sign("edge_width", 1, 0.1, SignScale.LOG, sized=True),
            Sign("local_contrast", -1, 0.15, SignScale.LOG, sized=True),
            Sign("texture_share", -1, 0.08, sized=True),
        ),
        (_model_votes("condensation"),),
        alone=math.inf,
        agreed=3.2,
        poorer=2.6,
        says="paler and softer than the site's other cameras: water, dirt or a film on lens or dome",
    ),
    FleetRule(
        Fault.IR_CUT,
        (
            Sign("purple_share", 1, 0.04, weight=2),
            Sign("lean_blue", 1, 0.01),
            Sign("saturation", 1, 0.03),
        ),
        (_model_votes("purple"),),
        alone=2.85,
        agreed=3.2,
        says="the picture is purple and the other cameras' pictures are not: the infrared filter did not swing in",
    ),
    FleetRule(
        Fault.NOISE,
        (Sign("noise_floor", 1, 0.5, sized=True), Sign("noise_sigma", 1, 0.15, SignScale.LOG, sized=True)),
        (_model_votes("noise"),),
        alone=math.inf,
        agreed=4.05,
        says="much noisier than the site's other cameras",
    ),
)
COMPARED: tuple[str, ...] = (
    LIGHT,
    *dict.fromkeys(sign.metric for rule in RULES for group in (rule.signs, *rule.votes) for sign in group),
    QUALITY.metric,
)
"""The metrics that are compared between cameras; `PIXELS` comes beside them."""


@dataclass(frozen=True, slots=True)
class FleetFinding:
    """What one camera shows alone, and the sentence that says so with its number."""

    fault: Fault
    reason: str


@dataclass(frozen=True, slots=True)
class FleetScore:
    """How far one camera stands out by one rule: the mean of its signs, of signs and votes, and with image quality too.

    None where a model did not run. `peers`: with how many other cameras it was compared, at least.
    """

    rule: FleetRule
    signs: float
    voted: float | None
    with_quality: float | None
    peers: int

    @property
    def called(self) -> bool:
        rule = self.rule
        voted = _reaches(self.voted, rule.agreed) or _reaches(self.with_quality, rule.poorer)
        return self.signs >= rule.alone or (voted and self.signs >= AGREEING)


def _reaches(distance: float | None, bound: float) -> bool:
    return distance is not None and distance >= bound


def compare_cameras(
    measured: Mapping[str, Mapping[str, float]], metrics: Mapping[str, MetricSpec] = MappingProxyType({})
) -> Mapping[str, tuple[FleetFinding, ...]]:
    """Return what each camera shows alone, of the metrics of every camera of one site at one time, by name.

    Cameras that show nothing of their own are left out. A camera without a metric (grey, masked), or one that
    sees by lamplight, is not compared. By `metrics` the reasons name numbers in a guard's words.
    """
    findings: dict[str, tuple[FleetFinding, ...]] = {}
    for name, scores in score_cameras(measured).items():
        called = tuple(
            FleetFinding(one.rule.fault, _reason(one, measured[name], metrics)) for one in scores if one.called
        )
        if called:
            findings[name] = called
    return findings


def score_cameras(measured: Mapping[str, Mapping[str, float]]) -> Mapping[str, tuple[FleetScore, ...]]:
    """Return how far each camera stands out, by every rule that could be asked of it."""
    finite = {
        name: {key: one for key, one in numbers.items() if math.isfinite(one)} for name, numbers in measured.items()
    }
    compared = {name: numbers for name, numbers in finite.items() if numbers.get(LIGHT, 1.0) >= DARKEST}
    if len(compared) < LEAST_CAMERAS:
        return {}
    site = _SiteNumbers(compared)
    return {name: tuple(one for rule in RULES if (one := site.score(name, rule)) is not None) for name in compared}


class _SiteNumbers:
    """The cameras of one site, and what is usual among them, reckoned once for each number and size of picture."""

    def __init__(self, measured: Mapping[str, Mapping[str, float]]) -> None:
        self._measured = measured
        self._usual: dict[tuple[str, float], tuple[int, float, float, float]] = {}

    def score(self, name: str, rule: FleetRule) -> FleetScore | None:
        """Return None where a sign is missing, or too few cameras have it."""
        distances, peers = [], len(self._measured)
        for sign in rule.signs:
            distance = self._distance(name, sign, MOST)
            if distance is None:
                return None
            distances += [distance[0]] * sign.weight
            peers = min(peers, distance[1])
        votes = [one for group in rule.votes if (one := self._vote(name, group)) is not None]
        voted = [*distances, *votes, *votes] if votes else []
        quality = self._distance(name, QUALITY, MOST)
        poorer = [*voted, quality[0], quality[0]] if voted and quality is not None else []
        return FleetScore(
            rule, _mean(distances), _mean(voted) if voted else None, _mean(poorer) if poorer else None, peers
        )

    def _vote(self, name: str, group: Sequence[Sign]) -> float | None:
        return max((one[0] for sign in group if (one := self._distance(name, sign, MOST_VOTED))), default=None)

    def _distance(self, name: str, sign: Sign, most: float) -> tuple[float, int] | None:
        numbers = self._measured[name]
        if sign.metric not in numbers:
            return None
        count, middle, below, above = self._usual_of(sign, numbers.get(PIXELS, 0.0))
        if count < LEAST_CAMERAS:
            return None
        apart = _TO_SCALE[sign.scale](numbers[sign.metric]) - middle
        distance = sign.worse * apart / max(above if apart > 0 else below, sign.least)
        return min(max(distance, LEAST), most), count - 1

    def _usual_of(self, sign: Sign, pixels: float) -> tuple[int, float, float, float]:
        """Return how many cameras have the number, its median, and its half widths below and above."""
        key = sign.metric, pixels if sign.sized else 0.0
        if key not in self._usual:
            values = self._values(sign, pixels)
            if len(values) < LEAST_CAMERAS:
                self._usual[key] = len(values), 0.0, 0.0, 0.0
            else:
                low, middle, high = (float(one) for one in np.percentile(values, (LOWER, 50, UPPER)))
                self._usual[key] = len(values), middle, middle - low, high - middle
        return self._usual[key]

    def _values(self, sign: Sign, pixels: float) -> Sequence[float]:
        to_scale = _TO_SCALE[sign.scale]
        return [
            to_scale(numbers[sign.metric])
            for numbers in self._measured.values()
            if sign.metric in numbers and (not sign.sized or _like(numbers.get(PIXELS, 0.0), pixels))
        ]


def _like(one: float, other: float) -> bool:
    return max(one, other) <= LIKE_SIZE * min(one, other)


def _mean(distances: Sequence[float]) -> float:
    return sum(distances) / len(distances)


def _reason(score: FleetScore, numbers: Mapping[str, float], metrics: Mapping[str, MetricSpec]) -> str:
    def write(metric: str) -> str:
        unit = metrics[metric].unit if metric in metrics else ""
        return f"{name_metric(metric, metrics)} {write_quantity(numbers[metric], unit)}"

    signs = ", ".join(write(sign.metric) for sign in score.rule.signs)
    return f"{score.rule.says} ({signs}; compared with {score.peers} others)"
