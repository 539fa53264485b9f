"""A cheap camera by infrared light keeps its protection: what is done to it at its tenth minute is told."""

import os
from pathlib import Path

import pytest

from domain.cameras import Camera
from evaluation.policy import Policy
from lab.bench.evidence.clips import find_clips
from lab.bench.evidence.playback import build_scorer, evaluate_playback
from lab.bench.evidence.poor_camera import ATTACKS, HEALTHY_S, PoorCamera

DATA = os.environ.get("SIGHTLINE_DATA")
CLIP = Path(DATA or "") / "clips" / "tud-stadtmitte.mp4"

pytestmark = pytest.mark.skipif(not DATA, reason="SIGHTLINE_DATA names the folder of the shared clips")


@pytest.mark.parametrize("attack", ["", *ATTACKS])
def test_what_is_done_to_a_poor_camera_at_its_tenth_minute_is_announced(attack: str, tmp_path: Path) -> None:
    seen = PoorCamera(find_clips(CLIP)[0], tmp_path).watch(attack, build_scorer())
    told = evaluate_playback(seen, Camera("poor", "poor"), Policy())
    if not attack:
        assert told.fired == {}
        return
    fault = ATTACKS[attack][0]
    assert told.headline is fault
    assert HEALTHY_S + 180 <= told.fired[fault] <= HEALTHY_S + 400
    assert min(told.fired.values()) > HEALTHY_S
