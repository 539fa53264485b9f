"""Does one method agree with people better than another, or is it chance? The F-test of the IQA papers."""

from dataclasses import dataclass
from enum import StrEnum

from scipy import stats

from lab.training.measures.logistic_fit import fit_logistic
from lab.training.samples import Values

LEVEL = 0.05


class FTestOutcome(StrEnum):
    """The first method against the second, as the cells of Lu et al. 2022, Fig. 3."""

    BETTER = "1"
    INDISTINGUISHABLE = "-"
    WORSE = "0"


@dataclass(frozen=True, slots=True)
class FTest:
    """`statistic` is the first variance over the second; `p_smaller` the chance of one so small were they equal."""

    statistic: float
    p_smaller: float
    p_larger: float

    def outcome(self, level: float = LEVEL) -> FTestOutcome:
        """One-sided at `level` in each direction, as Sheikh et al. 2006 test it."""
        if self.p_smaller < level:
            return FTestOutcome.BETTER
        return FTestOutcome.WORSE if self.p_larger < level else FTestOutcome.INDISTINGUISHABLE


def f_test(first: Values, second: Values) -> FTest:
    """Compare the variances of two methods' residuals, (N,) and (M,), of at least two pictures each.

    Assumes normal residuals; their kurtosis, not tested here, should lie between 2 and 4.
    """
    ratio = float(first.var(ddof=1) / second.var(ddof=1))
    spread = stats.f(len(first) - 1, len(second) - 1)
    return FTest(ratio, float(spread.cdf(ratio)), float(spread.sf(ratio)))


def residuals(predicted: Values, labels: Values) -> Values:
    """What is left of the labels after the fitted logistic, (N,): the residuals that the papers test."""
    return labels - fit_logistic(predicted, labels).fitted
