"""Real footage that set no threshold: what must be told of it, and nothing else, by the clips' policy."""

import os
from pathlib import Path

import pytest

from domain.cameras import Camera, SamplingMode, SamplingPlan
from domain.faults import Fault
from evaluation.policy import Policy
from lab.bench.evidence.playback import build_scorer, evaluate_playback, play_clip

EVERY_FIFTH_OF_A_SECOND = SamplingPlan(mode=SamplingMode.INTERVAL, interval_s=0.2)
DATA = os.environ.get("SIGHTLINE_DATA")

pytestmark = pytest.mark.skipif(not DATA, reason="SIGHTLINE_DATA names the folder of the shared clips")


@pytest.mark.parametrize(
    ("clip", "plan", "headline", "within_s"),
    [
        ("real/camera-tilted.mp4", EVERY_FIFTH_OF_A_SECOND, Fault.CAMERA_MOVED, (2.8, 5.0)),
        ("real/camera-handled.h264", EVERY_FIFTH_OF_A_SECOND, Fault.COVERED, (4.0, 8.0)),
        ("real/camera-handled.h264", SamplingPlan(), Fault.COVERED, (4.0, 8.0)),
        ("real/packet-loss.h265", SamplingPlan(), Fault.CORRUPT_PICTURE, (0.0, 1.1)),
        ("conditions/tamper-covered.mp4", EVERY_FIFTH_OF_A_SECOND, Fault.COVERED, (2.1, 4.4)),
        ("conditions/tamper-covered.mp4", SamplingPlan(), Fault.COVERED, (2.1, 4.4)),
    ],
)
def test_what_happened_to_a_real_camera_is_announced_under_its_name(
    clip: str, plan: SamplingPlan, headline: Fault, within_s: tuple[float, float]
) -> None:
    camera = Camera("camera", str(Path(DATA or "") / clip), plan=plan)
    told = evaluate_playback(play_clip(camera, build_scorer()), camera, Policy.for_clips())
    assert told.headline is headline
    assert within_s[0] <= told.fired[headline] <= within_s[1]


@pytest.mark.parametrize("clip", ["real/crowd-from-above.mp4", "real/sun-enters.mp4"])
def test_a_crowd_and_the_sun_entering_are_nothing(clip: str) -> None:
    camera = Camera("camera", str(Path(DATA or "") / clip))
    told = evaluate_playback(play_clip(camera, build_scorer()), camera, Policy.for_clips())
    assert told.fired == {}
