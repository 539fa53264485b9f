"""The reduced form of `sightline bench evidence`: what no change may make worse, in the time that CI has."""

import os
from pathlib import Path

import pytest

from lab.bench.evidence import evidence_run
from lab.bench.evidence.evidence_run import EvidencePart, Reduction
from lab.bench.evidence.healthy_hours import run_webcam_days

DATA = os.environ.get("SIGHTLINE_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="SIGHTLINE_DATA names the folder of the shared clips")
SUBSET = ("blur", "covered")


@needs_data
def test_medium_and_severe_faults_on_held_out_clips_keep_their_names(tmp_path: Path) -> None:
    found = evidence_run.run(tmp_path, parts=[EvidencePart.PLANTED], jobs=1, reduction=Reduction(faults=SUBSET))
    rows = [row for row in found["planted"] if row["strength"] != "mild"]
    assert sum(row["runs"] for row in rows) == 12
    assert sum(row["right_headline"] for row in rows) == 12
    assert all(row["median_delay_s"] <= 3 for row in rows)


@needs_data
def test_a_day_of_a_webcam_tells_the_stall_of_its_feed_and_nothing_else() -> None:
    stills = Path(DATA or "") / "real" / "webcam-days"
    found = run_webcam_days(stills, days=1.2)
    assert found["hours"] > 15
    assert found["false_alarms"] == []
    assert found["stalls_told"] == len(found["stalls"]) == 1


def test_a_simulated_day_and_its_dusk_send_nothing(tmp_path: Path) -> None:
    """From the morning into the infrared night of an outdoor camera."""
    reduction = Reduction(hours=13.0, cameras=("gate",), visit_s=3600, models=False)
    found = evidence_run.run(tmp_path, parts=[EvidencePart.FORTNIGHT], jobs=1, reduction=reduction)
    assert found["fortnight_false_alarms"]["hours"] == 13.0
    assert [each["false_alarms"] for each in found["fortnight"]] == [[]]
