"""CONTRIBUTING names the files that a new metric, fault, model, notifier or endpoint changes; the code agrees."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PRODUCT = (
    *("api", "detectors", "domain", "evaluation", "ingest", "notification"),
    *("sightline", "storage", "transport", "weights", "workers"),
)
EXAMPLES = {
    "metric": r"TextureMetrics",
    "fault": r"Fault\.STRIPES|STRIPES = ",
    "model": r"SgdnetDetector|sgdnet import detector|\"sgdnet\"",
    "notifier": r"ChatNotifier|ChatSettings",
    "endpoint": r"\bdef models\(|routes import [^#]*\bmodels\b",
}
"""What only the files of one example contain: a name that no other part of the product should know."""


def files_of_the_table() -> dict[str, set[str]]:
    """Return the files that CONTRIBUTING names, by what is added."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Where to add what")[1].split("\n## ")[0]
    rows = [line.split("|") for line in text.splitlines() if re.match(r"\| \w+ \| `", line)]
    return {row[1].strip(): set(re.findall(r"`([^`]+)`", row[2])) for row in rows}


def product_files_with(pattern: str) -> set[str]:
    """Return the product's files whose text has the pattern."""
    files = [path for folder in PRODUCT for kind in ("*.py", "*.json") for path in (ROOT / folder).rglob(kind)]
    found = {path for path in files if re.search(pattern, path.read_text(encoding="utf-8"))}
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_the_table_has_every_kind() -> None:
    assert set(files_of_the_table()) == set(EXAMPLES)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_exactly_the_named_files_know_the_example(kind: str) -> None:
    assert product_files_with(EXAMPLES[kind]) == files_of_the_table()[kind]
