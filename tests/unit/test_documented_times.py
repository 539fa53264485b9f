"""The documents state the times that the code has."""

import re
from pathlib import Path

import pytest

from domain.faults import FAULT_LABELS
from evaluation.policy import Policy
from evaluation.rules.fault_rules import RULES
from ingest.supervise import backoff

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("sentence", "seconds"),
    [
        (r"verdict looks at the last ([\d.]+) s", Policy().verdict_window_s),
        (r"samples of its window \(([\d.]+) s and three frames", Policy().verdict_window_s),
        (r"1, 2, 4 … ([\d.]+) s, each times 0\.5 … 1\.5", backoff.LONGEST_BACKOFF_S),
    ],
)
def test_a_time_in_the_documents_is_that_of_the_code(sentence: str, seconds: float) -> None:
    pages = [" ".join(page.read_text(encoding="utf-8").split()) for page in DOCS.rglob("*.md")]
    stated = [found for page in pages for found in re.findall(sentence, page)]

    assert stated, "no page states it any more: take this row out, or say where it is stated now"
    assert {float(each) for each in stated} == {seconds}


def test_the_guide_says_of_every_fault_how_long_it_must_last() -> None:
    guide = (DOCS / "guides" / "alerts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (at once|\d+ s) \| (.+) \|$", guide, re.MULTILINE)
    stated = {
        label: 0.0 if time == "at once" else float(time.removesuffix(" s"))
        for time, labels in rows
        for label in labels.split("; ")
    }
    assert stated == {FAULT_LABELS[rule.alert.fault]: rule.alert.hold_for_s for rule in RULES.values()}


def test_the_window_holds_three_frames_as_the_documents_say() -> None:
    assert Policy().verdict_min_frames == 3
