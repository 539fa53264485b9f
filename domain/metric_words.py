"""Metrics and their values in a guard's words; the page writes them the same way (`api/page/format.js`). Pure."""

import re
from collections.abc import Mapping

from domain.metrics import MetricSpec

PROBABILITY = "probability"
_BARE = ("", "0 or 1", "score", "correlation", "Pearson's r", "codec's own", "distance")
_MARKS = re.compile(r"\d{1,4}-(\d{1,4}),")
_EXPLAINED = re.compile(r"[ ,](?=of |share )")


def name_metric(key: str, metrics: Mapping[str, MetricSpec]) -> str:
    """Return what people call a metric; one that `metrics` does not list goes by its key.

    A model's probability is called that alone: the sentence before it says of what.
    """
    spec = metrics.get(key)
    if spec is None:
        return key
    return PROBABILITY if spec.unit == PROBABILITY else spec.label


def write_quantity(value: float, unit: str) -> str:
    """Return three digits and the unit, short: shares and probabilities as per cent, marks as "70 of 100"."""
    if unit in _BARE or unit.startswith("ratio"):
        return _digits(value)
    if "share" in unit or unit == PROBABILITY:
        return f"{_digits(100 * value)} %"
    if unit == "bit/s":
        return f"{_digits(value / 1e6)} Mb/s" if value >= 1e6 else f"{_digits(value / 1e3)} kb/s"
    if marks := _MARKS.match(unit):
        return f"{_digits(value)} of {marks[1]}"
    return f"{_digits(value)} {_EXPLAINED.split(unit)[0]}"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
