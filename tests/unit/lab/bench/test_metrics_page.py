"""docs/metrics.md says what the code does."""

from detectors.registry import METRICS
from lab.bench.metrics_page import PAGE, render_page


def test_the_page_is_what_the_registry_and_the_rules_say() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert render_page(text) == text, "run: python -m lab.bench.metrics_page"


def test_every_metric_has_a_formula_and_its_known_failures() -> None:
    text = PAGE.read_text(encoding="utf-8").split("## Formulas and known failures")[1].split("\n## ")[0]
    rows = {
        line.split("|")[1].strip(" `"): line.split("|")[2:4] for line in text.splitlines() if line.startswith("| `")
    }
    assert set(rows) == set(METRICS)
    assert all(formula.strip() and failures.strip() for formula, failures in rows.values())
