"""Exact 95 % bounds of what was counted: Poisson rates (Garwood 1936) and shares (Clopper and Pearson 1934)."""

from dataclasses import dataclass

from scipy.stats import beta, chi2

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Bounds:
    """An estimate between its two-sided bounds; where nothing was counted, `high` is the one-sided bound."""

    estimate: float
    low: float
    high: float


def bound_rate(count: int, hours: float) -> Bounds | None:
    """Return events an hour after `count` in `hours` of watching, None where nothing was watched.

    Garwood's interval from chi-squared quantiles. For a count of 0 all of the 5 % lie above: 3.0 / hours.
    """
    if hours <= 0:
        return None
    tail = (1 - CONFIDENCE) / 2
    if count == 0:
        return Bounds(0.0, 0.0, float(chi2.ppf(CONFIDENCE, 2)) / 2 / hours)
    low = float(chi2.ppf(tail, 2 * count)) / 2
    high = float(chi2.ppf(1 - tail, 2 * (count + 1))) / 2
    return Bounds(count / hours, low / hours, high / hours)


def bound_share(count: int, of: int) -> Bounds | None:
    """Return the share of `of` that `count` is, None of nothing. Clopper and Pearson's interval."""
    if of == 0:
        return None
    tail = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, count, of - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, of - count)) if count < of else 1.0
    return Bounds(count / of, low, high)
