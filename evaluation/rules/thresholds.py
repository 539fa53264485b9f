"""A bound: one metric, against what it is held, where it becomes bad and where it is good again."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

NEUTRAL_SENSITIVITY = 5
PICTURE_FAULT = "picture_fault_"
"""How the metrics of the picture-fault model begin."""
CALLED, CLEARED = 0.9, 0.6
"""Where a probability is a fault, and where it is none again: docs/evidence.md says what that finds and calls."""
CALLED_OF: Mapping[str, tuple[float, float]] = {
    "defocus": (0.7, 0.5),
    "condensation": (0.5, 0.3),
    "fog": (0.5, 0.35),
    "burnt_out": (0.5, 0.35),
    "purple": (0.6, 0.4),
}
"""Where they are called and cleared earlier: healthy pictures hardly ever look like these."""
SUSPECTED = (0.05, 0.02)
"""Where a probability agrees with a number that shows the same fault without learning."""
SUREST = 0.995
"""The dullest bound of a probability."""
SEEN: Mapping[str, str] = {
    "defocus": "the picture is out of focus",
    "motion_blur": "the picture is smeared by motion",
    "condensation": "condensation or a wet dome blurs the picture",
    "drops": "drops on the lens distort the picture",
    "dirt": "dirt or a web on the lens hides parts of the picture",
    "fog": "fog, haze or a film over the lens washes the picture out",
    "burnt_out": "the picture is burnt out",
    "too_dark": "the picture is too dark to see anything by",
    "purple": "the picture is purple: the infrared filter did not swing in",
    "colour_cast": "the colours lean to one side",
    "noise": "the picture is noisier than it should be",
    "compression": "compression is so strong that its blocks show",
    "torn": "parts of the picture are torn or missing",
    "covered_part": "something near the lens covers a part of the picture",
    "covered": "the lens is covered",
    "slate": "a slate is shown in place of the camera",
}
"""What the picture-fault model sees, in words."""


class WorseSide(StrEnum):
    HIGH = "high"
    LOW = "low"


class ThresholdBasis(StrEnum):
    """What a metric is compared with."""

    ABSOLUTE = "absolute"
    RATIO = "ratio"
    """Value divided by the baseline's median."""
    EXCESS = "excess"
    """Value minus the baseline's 95th percentile (worse high), or minus its 5th (worse low)."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One metric and where it becomes bad and good again."""

    metric: str
    """Its key."""
    worse: WorseSide
    """The side on which it is bad."""
    fault: float
    """Bad from here, at sensitivity 5, in the unit of the metric."""
    clear: float
    """Good again from here, at sensitivity 5."""
    against: ThresholdBasis = ThresholdBasis.ABSOLUTE
    """The number itself, or its relation to the baseline."""
    limit: float | None = None
    """The dullest bound that still makes sense for the metric's range."""
    optional: bool = False
    """Not every installation measures it: without it the alternative is passed over, not left open."""
    says: str = ""
    """What this bound found, in words; "" where the rule's own words fit."""
    until_settled: bool = False
    """Whether it is asked only until the metric's part of the baseline is learned or accepted."""

    def at(self, sensitivity: int) -> tuple[float, float]:
        """Return (fault, clear) for a sensitivity of 1 (dull) … 10 (keen).

        Both move by a fifth of their distance a step: at 10 the fault bound is where the clear bound of 5 was.
        """
        shift = (self.fault - self.clear) * (NEUTRAL_SENSITIVITY - sensitivity) / 5
        fault = self.fault + shift
        if self.limit is not None:
            fault = min(fault, self.limit) if self.worse is WorseSide.HIGH else max(fault, self.limit)
        return fault, self.clear + shift


def above(metric: str, fault: float, clear: float, *, limit: float | None = None) -> Threshold:
    return Threshold(metric, WorseSide.HIGH, fault, clear, limit=limit)


def below(metric: str, fault: float, clear: float, *, limit: float | None = None) -> Threshold:
    return Threshold(metric, WorseSide.LOW, fault, clear, limit=limit)


def model_threshold(kind: str, bounds: tuple[float, float] | None = None) -> Threshold:
    """Bound the picture-fault model's probability for a kind of fault, where the model runs.

    `bounds`: where it is called and cleared, if not where this kind usually is.
    """
    fault, clear = bounds or CALLED_OF.get(kind, (CALLED, CLEARED))
    return Threshold(
        f"{PICTURE_FAULT}{kind}", WorseSide.HIGH, fault, clear, limit=SUREST, optional=True, says=SEEN[kind]
    )


def above_until_settled(metric: str, fault: float, clear: float) -> Threshold:
    """Bound from above a metric of which nothing usual is known yet: a settled baseline of its part takes over."""
    return Threshold(metric, WorseSide.HIGH, fault, clear, until_settled=True)


def above_usual(metric: str, fault: float, clear: float) -> Threshold:
    """Bound the ratio to the baseline's median from above."""
    return Threshold(metric, WorseSide.HIGH, fault, clear, ThresholdBasis.RATIO)


def below_usual(metric: str, fault: float, clear: float) -> Threshold:
    """Bound the ratio to the baseline's median from below."""
    return Threshold(metric, WorseSide.LOW, fault, clear, ThresholdBasis.RATIO)


def above_p95(metric: str, fault: float, clear: float) -> Threshold:
    """Bound the excess over the baseline's 95th percentile."""
    return Threshold(metric, WorseSide.HIGH, fault, clear, ThresholdBasis.EXCESS)


def below_p05(metric: str, fault: float, clear: float) -> Threshold:
    """Bound the shortfall under the baseline's 5th percentile; `fault` and `clear` are negative."""
    return Threshold(metric, WorseSide.LOW, fault, clear, ThresholdBasis.EXCESS)
