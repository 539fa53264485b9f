"""Every second of a camera is written down once, in one state, under its headline; what nobody saw is not claimed."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.baselines import LightMode
from domain.cameras import Camera, ConnectionState, SamplingMode, SamplingPlan
from domain.faults import Fault
from domain.verdict_time import LEARNING, CameraNotAssessable, TimeState, Unknown, VerdictSpan, join_spans
from evaluation.evaluate import Tick
from evaluation.policy import Policy
from tests.unit.evaluation.camera_timeline import DAY, DEFOCUSED, HOME, NIGHT, CameraTimeline, flat_structure

QUICK = replace(Policy(), learn_s=20.0, learn_frames=10, raise_s=5.0, settle_s=10.0, mode_dwell_s=5.0)
DARK = {**NIGHT, "luma_mean": 0.02, "luma_p95": 0.05, "contrast_rms": 0.01, "sharpness": 0.02}


def tell(story: CameraTimeline, *, skip: int = 0) -> list[tuple[TimeState, str]]:
    """Return the states written down since the `skip`-th span, in order."""
    return [(span.state, span.cause) for span in join_spans(story.spans)[skip:]]


@pytest.fixture
def story() -> CameraTimeline:
    announced = CameraTimeline(policy=QUICK)
    announced.play(40)
    return announced


def seconds_of(spans: list[VerdictSpan]) -> Counter[tuple[TimeState, str]]:
    found: Counter[tuple[TimeState, str]] = Counter()
    for span in spans:
        found[span.state, span.cause] += round((span.until - span.since).total_seconds())
    return found


def seconds_by_state(spans: list[VerdictSpan]) -> Counter[TimeState]:
    found: Counter[TimeState] = Counter()
    for (state, _), seconds in seconds_of(spans).items():
        found[state] += seconds
    return found


def test_time_runs_without_gap_or_overlap_from_the_first_observation_on(story: CameraTimeline) -> None:
    story.play(10, DEFOCUSED)
    story.out(20)
    story.play(10)
    spans = story.spans
    assert all(after.since == before.until for before, after in pairwise(spans))
    assert sum(seconds_of(spans).values()) == 79


def test_learning_is_usable_time_with_fewer_checks(story: CameraTimeline) -> None:
    states = tell(story)
    assert states == [
        (TimeState.NOT_ASSESSABLE, CameraNotAssessable.TOO_FEW_PICTURES),
        (TimeState.OK, LEARNING),
        (TimeState.OK, ""),
    ]


def test_a_fault_is_named_by_its_headline_alone(story: CameraTimeline) -> None:
    story.spans.clear()
    story.play(60, {**DEFOCUSED, "luma_p95": 0.5}, flat_structure())
    covered = seconds_of(story.spans)[TimeState.FAULT, Fault.COVERED]
    assert covered >= 15
    assert {cause for state, cause in tell(story) if state is TimeState.FAULT} <= {Fault.COVERED, Fault.BLUR}


def test_a_lost_connection_is_lost_time_and_ends_with_the_first_pictures(story: CameraTimeline) -> None:
    story.spans.clear()
    story.out(60)
    story.play(20)
    assert tell(story) == [
        (TimeState.OK, ""),
        (TimeState.NOT_ASSESSABLE, CameraNotAssessable.CONNECTING),
        (TimeState.FAULT, Fault.SIGNAL_LOSS),
        (TimeState.OK, ""),
    ]
    assert seconds_of(story.spans)[TimeState.FAULT, Fault.SIGNAL_LOSS] == pytest.approx(58, abs=6)


def test_a_silent_ingest_is_unknown_once_it_is_noticed(story: CameraTimeline) -> None:
    story.spans.clear()
    story.silent(60)
    found = seconds_of(story.spans)
    assert found[TimeState.UNKNOWN, Unknown.INGEST_SILENT] == 40
    assert sum(found.values()) == 60


def test_frames_dropped_unscored_are_unknown_and_never_usable(story: CameraTimeline) -> None:
    story.spans.clear()
    for _ in range(10):
        story.now += timedelta(seconds=1)
        story.status()
        story.observe(Tick(story.now, unscored=True))
    assert seconds_of(story.spans) == {(TimeState.OK, ""): 1, (TimeState.UNKNOWN, Unknown.SCORING_BEHIND): 9}


def test_nothing_is_claimed_of_time_in_which_nothing_was_judged(story: CameraTimeline) -> None:
    """The process stood still, as on a suspended machine."""
    story.spans.clear()
    story.now += timedelta(hours=3)
    story.play(5)
    assert sum(seconds_of(story.spans).values()) == 4


def test_a_restart_claims_nothing_of_the_time_it_took(story: CameraTimeline) -> None:
    story.spans.clear()
    stopped = story.now
    story.restart()
    story.now += timedelta(seconds=90)
    story.play(10)
    assert min(span.since for span in story.spans) == stopped + timedelta(seconds=91)


def test_settling_after_a_change_of_light_and_a_dark_scene_are_not_assessable(story: CameraTimeline) -> None:
    story.spans.clear()
    story.play(40, NIGHT)
    assert (TimeState.NOT_ASSESSABLE, CameraNotAssessable.SETTLING) in tell(story)
    assert {span.light for span in story.spans if span.state is TimeState.OK} <= {LightMode.DAY, LightMode.NIGHT}
    story.spans.clear()
    story.play(60, DARK, flat_structure(0.02))
    assert tell(story)[-1] == (TimeState.NOT_ASSESSABLE, CameraNotAssessable.UNLIT)


def test_a_notice_costs_no_usable_time(story: CameraTimeline) -> None:
    story.spans.clear()
    story.play(20, counters={"width": 1280, "height": 720})
    assert story.verdict(Fault.RESOLUTION_CHANGED).state == "fault"
    assert tell(story) == [(TimeState.OK, "")]


@pytest.mark.parametrize("values", [DAY, DEFOCUSED])
def test_a_patrol_keeps_the_state_of_its_last_visit_until_the_next(values: dict[str, float]) -> None:
    plan = SamplingPlan(SamplingMode.PATROL, judge_s=10, every_s=300)
    story = CameraTimeline(Camera("gate", "rtsp://camera.test/1", plan=plan), QUICK)
    story.play(30, values, HOME)
    story.spans.clear()
    for _ in range(3):
        story.out(280, ConnectionState.RESTING)
        story.out(2, ConnectionState.CONNECTING)
        story.play(10, values, HOME)
    wanted = TimeState.OK if values is DAY else TimeState.FAULT
    assert {span.state for span in story.spans} == {wanted}


def test_spans_are_joined_up_to_midnight(story: CameraTimeline) -> None:
    joined = join_spans(story.spans)
    assert len(joined) == 3
    assert seconds_of(list(joined)) == seconds_of(story.spans)


@pytest.mark.parametrize(("values", "structure"), [(DAY, HOME), (DEFOCUSED, flat_structure())])
def test_a_restart_that_is_over_soon_changes_nothing(values: dict[str, float], structure: NDArray[np.float32]) -> None:
    """Killed every nine seconds or left alone, the camera was in the same states, to two seconds a restart."""
    undisturbed, killed = CameraTimeline(policy=QUICK), CameraTimeline(policy=QUICK)
    for story in (undisturbed, killed):
        story.play(60)
        for _ in range(12):
            story.play(5, values, structure)
            if story is killed:
                story.restart()
                story.now += timedelta(seconds=4)
            else:
                story.play(4, values, structure)
    before, after = (seconds_by_state(story.spans) for story in (undisturbed, killed))
    assert after.total() == before.total() - 4
    assert all(abs(after[state] - before[state]) <= 2 * 12 for state in before)


def test_a_restart_during_an_outage_leaves_it_one_outage(story: CameraTimeline) -> None:
    story.out(40)
    story.spans.clear()
    story.restart()
    story.out(40)
    assert tell(story) == [(TimeState.FAULT, Fault.SIGNAL_LOSS)]
    assert seconds_of(story.spans)[TimeState.FAULT, Fault.SIGNAL_LOSS] == 40
