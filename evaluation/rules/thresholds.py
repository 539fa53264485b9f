"""A bound: one metric, against what it is held, where it becomes bad and where it is good again."""

from dataclasses import dataclass
from enum import StrEnum

NEUTRAL_SENSITIVITY = 5


class WorseSide(StrEnum):
    HIGH = "high"
    LOW = "low"


class ThresholdBasis(StrEnum):
    """What a metric is compared with."""

    ABSOLUTE = "absolute"
    RATIO = "ratio"
    """Value divided by the reference's median."""
    EXCESS = "excess"
    """Value minus the reference's 95th percentile (worse high), or minus its 5th (worse low)."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One metric and where it becomes bad (`fault`) and good again (`clear`), at sensitivity 5.

    `limit` is the dullest bound that still makes sense for the metric's range.
    """

    metric: str
    worse: WorseSide
    fault: float
    clear: float
    against: ThresholdBasis = ThresholdBasis.ABSOLUTE
    limit: float | None = None

    def at(self, sensitivity: int) -> tuple[float, float]:
        """Return (fault, clear) for a sensitivity of 1 (dull) … 10 (keen).

        Both move by a fifth of their distance a step: at 10 the fault bound stands where the clear bound of 5 stood.
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


def above_usual(metric: str, fault: float, clear: float) -> Threshold:
    """Bound the ratio to the reference's median from above."""
    return Threshold(metric, WorseSide.HIGH, fault, clear, ThresholdBasis.RATIO)


def below_usual(metric: str, fault: float, clear: float) -> Threshold:
    """Bound the ratio to the reference's median from below."""
    return Threshold(metric, WorseSide.LOW, fault, clear, ThresholdBasis.RATIO)


def above_p95(metric: str, fault: float, clear: float) -> Threshold:
    """Bound the excess over the reference's 95th percentile."""
    return Threshold(metric, WorseSide.HIGH, fault, clear, ThresholdBasis.EXCESS)


def below_p05(metric: str, fault: float, clear: float) -> Threshold:
    """Bound the shortfall under the reference's 5th percentile; `fault` and `clear` are negative."""
    return Threshold(metric, WorseSide.LOW, fault, clear, ThresholdBasis.EXCESS)
