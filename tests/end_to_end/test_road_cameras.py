"""Real road cameras on their first day, one still each."""

import os
from pathlib import Path

import pytest

from evaluation.rules.thresholds import CALLED
from lab.bench.evidence import road_cameras

pytestmark = pytest.mark.timeout(600)


def test_the_burnt_out_camera_is_called_and_the_model_calls_no_healthy_one() -> None:
    if "SIGHTLINE_DATA" not in os.environ:
        pytest.skip("set SIGHTLINE_DATA to the shared data folder")
    found = road_cameras.run(Path(os.environ["SIGHTLINE_DATA"]) / "real" / "road-cameras")
    burnt_out = [one for one in found["cameras"] if one["label"] == "fault: burnt out"]
    assert [one["called"] for one in burnt_out] == [("too_bright",)]
    healthy = [one for one in found["cameras"] if one["label"] == "healthy"]
    assert all(probability < CALLED for one in healthy for probability in one["likeliest"].values())
