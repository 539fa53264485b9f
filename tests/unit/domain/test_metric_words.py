"""Numbers are written as a guard reads them, the same in Python and on the page."""

import pytest

from detectors.metric_table import read_every_metric
from domain.metric_words import name_metric, write_quantity
from evaluation.rules.fault_rules import RULES

METRICS = read_every_metric()


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.312, "share of blocks", "31.2 %"),
        (0.05, "chroma, share of full range", "5 %"),
        (0.912, "probability", "91.2 %"),
        (7.06, "px", "7.06 px"),
        (14.2, "levels of 255", "14.2 levels"),
        (1_550_000.0, "bit/s", "1.55 Mb/s"),
        (64_000.0, "bit/s", "64 kb/s"),
        (49.94, "0-100, mean opinion", "49.9 of 100"),
        (1.234, "ratio, 1 = nothing lost", "1.23"),
        (1.0, "0 or 1", "1"),
        (0.5, "", "0.5"),
        (12_345.6, "objects", "12,346 objects"),
        (70.0, "% of objects", "70 %"),
    ],
)
def test_a_value_is_written_with_its_unit_in_short(value: float, unit: str, written: str) -> None:
    assert write_quantity(value, unit) == written


def test_a_metric_is_called_by_its_label_and_an_unknown_one_by_its_key() -> None:
    assert name_metric("purple_share", METRICS) == "purple parts of the picture"
    assert name_metric("picture_fault_defocus", METRICS) == "probability"
    assert name_metric("of_another_version", METRICS) == "of_another_version"


def test_no_metric_that_is_judged_is_called_by_its_key() -> None:
    judged = {metric for rule in RULES.values() for metric in rule.metrics}
    names = {metric: name_metric(metric, METRICS) for metric in judged}
    assert [name for name in names.values() if "_" in name or ":" in name] == []
