"""A PTZ camera on its tour, from learning to the day it no longer finds its presets."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.cameras import Camera
from domain.faults import Fault, VerdictState
from evaluation.policy import Policy
from tests.unit.evaluation.camera_timeline import DAY, CameraTimeline, flat_structure, make_structure

PTZ = Camera("gate", "rtsp://camera.test/1", ptz=True)
PRESETS = [make_structure(seed) for seed in (11, 12, 13, 14)]
COVER = {
    **DAY, "luma_mean": 0.35, "luma_p95": 0.42, "contrast_rms": 0.02, "edge_width": 15.0, "sharpness": 0.05,
    "saturation": 0.03, "haze": 0.5,
}  # fmt: skip


def tour(story: CameraTimeline, seconds: float, presets: list[NDArray[np.float32]] = PRESETS) -> None:
    """Look at each preset for 48 s, and for one picture at something on the way."""
    for stop in range(round(seconds / 50)):
        story.play(48, DAY, presets[stop % len(presets)], step_s=8.0)
        story.play(2, DAY, make_structure(1000 + stop % 50), step_s=2.0)


@pytest.fixture(scope="module")
def learned() -> CameraTimeline:
    """Return a camera that has learned its tour, in less time than in production."""
    story = CameraTimeline(PTZ, replace(Policy(), learn_s=900.0, learn_frames=100, preset_moved_s=600.0))
    tour(story, story.policy.learn_s + 200)
    return story


@pytest.fixture
def story(learned: CameraTimeline) -> CameraTimeline:
    return deepcopy(learned)


def test_a_tour_is_no_fault_while_it_is_learned_and_afterwards(story: CameraTimeline) -> None:
    tour(story, 600)
    assert story.fired == []
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK
    story.restart()
    tour(story, 400)
    assert story.fired == []
    assert story.verdict(Fault.COVERED).state is VerdictState.OK


def test_an_operator_who_looks_elsewhere_for_minutes_raises_nothing(story: CameraTimeline) -> None:
    story.play(8 * 60, DAY, make_structure(2), step_s=20.0)
    verdict = story.verdict(Fault.CAMERA_MOVED)
    assert verdict.state is VerdictState.NOT_ASSESSABLE
    assert "matches none of the 4 views" in verdict.reason
    tour(story, 400)
    assert story.fired == []


def test_a_camera_that_finds_none_of_its_presets_for_long_has_moved(story: CameraTimeline) -> None:
    story.play(20 * 60, DAY, make_structure(2), step_s=20.0)
    assert story.fired == [Fault.CAMERA_MOVED]
    assert "matches none of the 4 views of this PTZ camera" in story.messages[0].incident.summary


def test_a_tour_whose_housing_was_turned_has_moved(story: CameraTimeline) -> None:
    tour(story, 18 * 60, [make_structure(seed) for seed in (21, 22, 23, 24)])
    assert story.fired == [Fault.CAMERA_MOVED]


def test_a_cover_is_found_on_any_preset_within_minutes(story: CameraTimeline) -> None:
    story.play(15 * 60, COVER, flat_structure(), step_s=10.0)
    assert Fault.COVERED in story.fired
    assert story.messages[0].incident.headline is Fault.COVERED


def test_an_accepted_view_is_one_more_preset(story: CameraTimeline) -> None:
    fresh = make_structure(2)
    story.play(20 * 60, DAY, fresh, step_s=20.0)
    story.camera = replace(story.camera, accepted_at=story.now, accepted_by="ada")
    story.play(60, DAY, fresh, step_s=4.0)
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK
    before = list(story.fired)
    tour(story, 500, [*PRESETS, fresh])
    story.restart()
    tour(story, 500, [*PRESETS, fresh])
    assert story.fired == before
