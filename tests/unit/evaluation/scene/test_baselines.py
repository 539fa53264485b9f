from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.baselines import BaselinePart, BaselineState, CameraBaseline, LightMode, Statistic
from domain.faults import Fault, VerdictState
from evaluation.policy import Policy
from evaluation.scene.baselines import (
    MAX_ROWS,
    MAX_STRUCTURES,
    BaselineLearner,
    adapt_baseline,
    is_outdated,
    summarise_metrics,
)
from tests.fakes.ports import START
from tests.unit.evaluation.camera_timeline import (
    DAY,
    DEFOCUSED,
    ELSEWHERE,
    HOME,
    NIGHT,
    NOISY,
    CameraTimeline,
    flat_structure,
)


def test_statistics_are_numpys_percentiles() -> None:
    rows = [{"luma_mean": float(value)} for value in range(101)]
    assert summarise_metrics(rows)["luma_mean"] == Statistic(50.0, 5.0, 95.0, 101)


def test_memory_stays_bounded_however_long_learning_takes_and_covers_all_of_it() -> None:
    learner = BaselineLearner(START)
    for index in range(20_000):
        learner = learner.with_frame({"luma_mean": index / 20_000}, HOME)
    assert len(learner.rows) <= MAX_ROWS
    assert len(learner.structures) <= MAX_STRUCTURES
    learned = summarise_metrics(learner.rows)["luma_mean"]
    assert abs(learned.median - 0.5) < 0.03
    assert abs(learned.high - 0.95) < 0.03


def test_until_learned_a_comparison_is_not_assessable_and_says_what_is_learned() -> None:
    story = CameraTimeline()
    story.play(60, NIGHT)
    verdict = story.verdict(Fault.CAMERA_MOVED)
    assert verdict.state is VerdictState.NOT_ASSESSABLE
    assert verdict.reason == "learning night"


def test_a_reference_is_learned_per_light_mode() -> None:
    story = CameraTimeline()
    story.learn(DAY)
    story.learn(NIGHT)
    learned = {reference.mode: reference.statistics["luma_mean"].median for reference in story.store.baselines.values()}
    assert abs(learned[LightMode.DAY] - DAY["luma_mean"]) < 0.02
    assert abs(learned[LightMode.NIGHT] - NIGHT["luma_mean"]) < 0.02


def test_a_first_view_that_is_already_bad_is_refused_with_the_reason_and_learning_begins_again() -> None:
    story = CameraTimeline()
    story.learn(DEFOCUSED)
    (reference,) = story.store.baselines.values()
    assert reference.state is BaselineState.REFUSED
    assert "out of focus" in reference.reason
    assert "out of focus" in story.verdict(Fault.CAMERA_MOVED).reason

    story.learn(DAY)
    (reference,) = story.store.baselines.values()
    assert reference.state is BaselineState.LEARNED
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK


def test_bad_frames_are_no_examples_of_what_is_normal() -> None:
    story = CameraTimeline()
    for _ in range(10):
        story.play(1000, DAY, step_s=20)
        story.play(480, NOISY, step_s=20)
    (reference,) = story.store.baselines.values()
    assert reference.state is BaselineState.LEARNED
    assert reference.statistics["noise_sigma"].high < 3


def test_a_restart_goes_on_with_the_stored_reference() -> None:
    story = CameraTimeline()
    story.learn()
    story.restart()
    story.play(5)
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK


def test_a_reference_older_than_the_last_acceptance_does_not_count_after_a_restart() -> None:
    story = CameraTimeline()
    story.learn()
    story.camera = replace(story.camera, accepted_at=story.now)
    story.restart()
    story.play(10, DAY, ELSEWHERE)
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK
    (reference,) = story.store.baselines.values()
    assert reference.state is BaselineState.ACCEPTED


def test_an_accepted_view_may_fail_an_absolute_bound_and_is_still_normal() -> None:
    story = CameraTimeline()
    story.learn()
    soft = DEFOCUSED
    story.play(400, soft)
    assert story.verdict(Fault.BLUR).state is VerdictState.FAULT

    story.camera = replace(story.camera, accepted_at=story.now)
    story.play(10, soft)
    assert story.verdict(Fault.BLUR).state is VerdictState.OK

    story.play(10, {**soft, "edge_width": 25.0, "sharpness": 0.02})
    assert story.verdict(Fault.BLUR).state is VerdictState.FAULT, "worse than what was accepted is a fault again"


def test_an_acceptance_waits_for_pictures_when_there_are_none() -> None:
    story = CameraTimeline()
    story.learn()
    story.out(120)
    story.camera = replace(story.camera, accepted_at=story.now)
    story.out(60)
    story.play(10, DAY, ELSEWHERE)
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK


def test_what_the_light_does_is_remembered_over_days() -> None:
    """Warm evening light widens what is usual within hours; a white morning after it does not narrow it again."""
    usual = {"lean_red": Statistic(0.0, -0.02, 0.02, 100)}
    learned = CameraBaseline("gate", LightMode.DAY, BaselineState.LEARNED, START, START, 100, usual)
    evening = replace(BaselineLearner(START), seen=40, rows=({"lean_red": 0.06},) * 20)
    morning = replace(BaselineLearner(START), seen=40, rows=({"lean_red": -0.03},) * 20)
    later = START + timedelta(hours=1)
    for learner in [evening] * 6 + [morning] * 6:
        followed = adapt_baseline(learned, BaselinePart.COLOUR, learner, later, Policy())
        assert followed is not None
        learned = followed
    assert learned.statistics["lean_red"].high > 0.05
    assert learned.statistics["lean_red"].low < -0.02


def test_a_learned_reference_follows_slowly_while_nothing_is_wrong() -> None:
    learned = CameraBaseline(
        "gate", LightMode.DAY, BaselineState.LEARNED, START, START, 100, {"noise_sigma": Statistic(2, 1, 3, 100)}, HOME
    )
    later = START + timedelta(hours=1)
    learner = replace(BaselineLearner(START), seen=500, rows=({"noise_sigma": 4.0},) * 20, structures=(HOME,))
    after = adapt_baseline(learned, BaselinePart.VIEW, learner, later, Policy())
    assert after is not None
    assert 2 < after.statistics["noise_sigma"].median < 2.5
    assert after.started_at == learned.started_at
    assert after.structure is not None
    assert np.allclose(after.structure[..., :10], HOME)
    assert adapt_baseline(learned, BaselinePart.VIEW, learner, START + timedelta(minutes=1), Policy()) is None


def test_a_reference_begun_before_the_acceptance_is_outdated() -> None:
    reference = CameraBaseline("gate", LightMode.DAY, BaselineState.LEARNED, START, START)
    assert is_outdated(reference, START + timedelta(seconds=1))
    assert not is_outdated(reference, START)
    assert not is_outdated(reference, None)


def test_a_clip_builds_a_provisional_reference_within_three_seconds_and_stores_none() -> None:
    story = CameraTimeline(policy=Policy.for_clips())
    story.play(1.8, step_s=0.04)
    assert story.verdict(Fault.CAMERA_MOVED).reason == "learning day"
    story.play(1.2, step_s=0.04)
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK
    story.play(6.0, DAY, ELSEWHERE, step_s=0.04)
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.FAULT
    assert story.store.baselines == {}


def test_a_clip_of_one_frame_a_second_is_judged_from_its_fourth_frame_on() -> None:
    story = CameraTimeline(policy=Policy.for_clips())
    story.play(4)
    for fault in (Fault.CAMERA_MOVED, Fault.COVERED, Fault.GLARE, Fault.BITRATE_STARVED, Fault.LOW_FPS):
        assert story.verdict(fault).state is VerdictState.OK, fault


COARSE: Mapping[str, float] = {**NIGHT, "blockiness": 3.0, "block_step": 1.2, "noise_floor": 6.0}
"""A cheap camera by infrared night: coarse blocks and noise from its first picture on."""


def test_coarse_coding_and_noise_are_refused_alone_and_the_view_is_learned() -> None:
    story = CameraTimeline()
    story.learn(COARSE)
    (reference,) = story.store.baselines.values()
    states = {part: reference.state_of(part) for part in BaselinePart}
    assert states == {
        BaselinePart.VIEW: BaselineState.LEARNED,
        BaselinePart.LIGHT: BaselineState.LEARNED,
        BaselinePart.COLOUR: BaselineState.LEARNED,
        BaselinePart.NOISE: BaselineState.REFUSED,
        BaselinePart.CODING: BaselineState.REFUSED,
        BaselinePart.STREAM: BaselineState.REFUSED,
        BaselinePart.DETECTION: BaselineState.REFUSED,
    }
    assert "noise_floor" not in reference.statistics
    assert "blocky picture" in reference.parts[BaselinePart.CODING].reason
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK


@pytest.mark.parametrize(
    ("structure", "values", "fault", "within_s"),
    [
        (flat_structure(), {**COARSE, "saturation": 0.0, "contrast_rms": 0.03}, Fault.COVERED, 360),
        (ELSEWHERE, COARSE, Fault.CAMERA_MOVED, 240),
    ],
    ids=["covered", "turned"],
)
def test_a_cheap_camera_is_protected_from_its_tenth_minute_on(
    structure: NDArray[np.float32], values: Mapping[str, float], fault: Fault, within_s: float
) -> None:
    story = CameraTimeline()
    story.play(600, COARSE, step_s=4)
    story.play(within_s, values, structure, step_s=4)
    assert fault in story.fired
    announced = story.messages[-1].incident
    assert announced.headline is fault
    assert "compared with the camera's first" in announced.summary
    assert story.store.baselines == {}, "what is provisional is not stored"


def test_the_first_minutes_judge_the_view_and_not_what_the_light_does() -> None:
    story = CameraTimeline()
    story.play(600, step_s=4)
    assert story.verdict(Fault.COVERED).state is VerdictState.OK
    for fault in (Fault.GLARE, Fault.COLOUR_CAST, Fault.BITRATE_STARVED, Fault.LOW_FPS):
        assert story.verdict(fault).reason == "learning day", fault
    bluish = {**DAY, "lean_blue": 0.2, "lean_red": 0.0, "luma_mean": 0.6}
    story.play(1200, bluish, step_s=10)
    assert story.fired == []


def test_what_is_provisional_is_replaced_by_what_was_learned() -> None:
    def state_of_view(story: CameraTimeline) -> BaselineState | None:
        usable = story.state.view.of(LightMode.DAY).usable
        return usable.state_of(BaselinePart.VIEW) if usable is not None else None

    story = CameraTimeline()
    story.play(600, step_s=10)
    assert state_of_view(story) is BaselineState.LEARNING
    story.learn()
    assert state_of_view(story) is BaselineState.LEARNED
    story.play(400, DAY, ELSEWHERE, step_s=4)
    assert "first" not in story.messages[-1].incident.summary


def test_the_end_of_learning_is_known_while_it_goes_on_and_does_not_move() -> None:
    story = CameraTimeline()

    def end() -> datetime | None:
        assert story.judged is not None
        assert story.judged.snapshot is not None
        return story.judged.snapshot.learning_until

    story.play(60.0)
    before = end()
    assert before is not None
    assert abs(before - START - timedelta(seconds=Policy().learn_s)) <= timedelta(seconds=30)
    story.play(60.0)
    assert end() == before
    story.learn()
    assert end() is None


QUICK = replace(Policy(), learn_s=900.0, learn_frames=20, course_s=7200.0, steady_s=3600.0)
BLUER = {**DAY, "lean_red": -0.12, "lean_blue": 0.02}
WHITE = {**DAY, "lean_red": 0.0, "lean_blue": 0.0}


def test_a_morning_alone_does_not_say_which_colours_are_usual() -> None:
    story = CameraTimeline(policy=QUICK)
    story.learn(WHITE)
    story.play(600, BLUER, step_s=20)
    assert story.verdict(Fault.COLOUR_CAST).reason == "learning how this changes over a day and a night"


def test_colours_are_compared_once_a_whole_day_and_night_is_known() -> None:
    story = CameraTimeline(policy=QUICK)
    story.learn(WHITE)
    story.play(7200, WHITE, step_s=60)
    story.play(600, BLUER, step_s=20)
    assert Fault.COLOUR_CAST in story.fired


def test_noise_is_not_compared_while_dawn_changes_the_gain() -> None:
    story = CameraTimeline(policy=QUICK)
    story.learn(DAY)
    story.learn(NIGHT)
    story.play(1200, {**DAY, "noise_floor": 3.5}, step_s=20)
    assert Fault.NOISE not in story.fired
    story.play(3600, DAY, step_s=60)
    story.play(600, {**DAY, "noise_floor": 5.0}, step_s=20)
    assert Fault.NOISE in story.fired


def test_noise_that_is_too_much_in_any_light_is_announced_at_dawn_too() -> None:
    story = CameraTimeline(policy=QUICK)
    story.learn(DAY)
    story.learn(NIGHT)
    story.play(600, {**DAY, "noise_floor": 12.0}, step_s=20)
    assert Fault.NOISE in story.fired
