"""The unit shown with a fault's evidence is that of the metric; shares and ratios are shown bare."""

import pytest

from detectors.metric_table import read_metric_table
from domain.evidence_metrics import EVIDENCE_METRICS
from evaluation.rules.fault_rules import RULES
from evaluation.rules.rule_check import UNITS

SPECS = {**read_metric_table(), **EVIDENCE_METRICS}
BARE = {
    "",
    "codec's own",
    "chroma, share of full range",
    "ratio",
    "0 or 1",
    "score",
    "correlation",
    "Pearson's r",
    "probability",
}
JUDGED = sorted({bound.metric for rule in RULES.values() for bounds in rule.any_of for bound in bounds})


@pytest.mark.parametrize("metric", JUDGED)
def test_evidence_states_the_unit_of_the_metric(metric: str) -> None:
    unit = SPECS[metric].unit

    assert UNITS.get(metric, "") == ("" if unit in BARE or unit.startswith("share") else unit)
