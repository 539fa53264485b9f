"""Real road cameras on their first day, one still each."""

import os
from pathlib import Path

import pytest

from lab.bench.evidence import road_cameras

pytestmark = pytest.mark.timeout(600)


def test_the_three_faulty_cameras_are_called_by_their_faults_and_no_healthy_one() -> None:
    if "SIGHTLINE_DATA" not in os.environ:
        pytest.skip("set SIGHTLINE_DATA to the shared data folder")
    found = road_cameras.run(Path(os.environ["SIGHTLINE_DATA"]) / "real" / "road-cameras")
    called = {one["label"]: one["called"][:1] for one in found["cameras"] if one["label"].startswith("fault")}
    assert called == {
        "fault: wet dome, smeared, dark": ("blur",),
        "fault: burnt out": ("too_bright",),
        "fault: purple cast": ("ir_cut",),
    }
    healthy = [one for one in found["cameras"] if one["label"] == "healthy"]
    assert not healthy
    assert found["marginal_called"] == 0
