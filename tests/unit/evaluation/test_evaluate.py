import re
from dataclasses import replace
from datetime import timedelta
from time import thread_time

from detectors.metric_table import read_every_metric
from domain.alerts import AlertState
from domain.cameras import Camera, SamplingMode, SamplingPlan
from domain.faults import Fault, NotAssessable, VerdictState
from evaluation.evaluate import Tick, evaluate_observation, restore_state
from evaluation.policy import Policy
from tests.unit.evaluation.camera_timeline import DAY, DEFOCUSED, ELSEWHERE, NIGHT, CameraTimeline, flat_structure

UNLIT = {**NIGHT, "luma_mean": 0.04, "luma_p95": 0.08, "black_share": 0.8, "contrast_rms": 0.02, "sharpness": 0.1}


def reason(story: CameraTimeline, fault: Fault) -> str:
    verdict = story.verdict(fault)
    assert verdict.state is VerdictState.NOT_ASSESSABLE
    return verdict.reason


def test_every_observation_answers_for_every_fault() -> None:
    story = CameraTimeline()
    story.silent(5)
    assert story.judged is not None
    assert sorted(verdict.fault for verdict in story.judged.verdicts) == sorted(Fault)
    for verdict in story.judged.verdicts:
        assert verdict.reason or verdict.state is VerdictState.OK


def test_the_same_observations_give_the_same_answers_names_included() -> None:
    def announced() -> list[object]:
        story = CameraTimeline()
        story.play(30)
        story.out(200)
        story.play(300)
        return [*story.messages, *story.transitions]

    assert announced() == announced()


def test_judging_changes_nothing_that_was_handed_in() -> None:
    story = CameraTimeline()
    story.play(30)
    before = story.state
    first = evaluate_observation(before, story.camera, Tick(story.now + timedelta(seconds=60)), story.policy)
    second = evaluate_observation(before, story.camera, Tick(story.now + timedelta(seconds=60)), story.policy)
    assert first.verdicts == second.verdicts
    assert before is story.state


def test_time_never_goes_back_although_the_clock_does() -> None:
    story = CameraTimeline()
    story.play(30)
    latest = story.now
    story.now -= timedelta(hours=1)
    story.play(10)
    assert story.judged is not None
    assert story.judged.snapshot.at == latest


def test_transitions_are_unique_by_what_storage_keys_them_by() -> None:
    story = CameraTimeline()
    for _ in range(3):
        story.play(400, DEFOCUSED, step_s=5)
        story.play(2600, step_s=10)
    keys = [(t.stream_id, t.fault, t.session_id, t.sequence, t.to_state) for t in story.transitions]
    assert len(keys) == 9
    assert len(set(keys)) == len(keys)
    assert all(t.incident_id for t in story.transitions if t.to_state is AlertState.FIRING)


def test_shake_is_not_judged_on_a_ptz_camera() -> None:
    story = CameraTimeline(Camera("gate", "rtsp://camera.test/1", ptz=True))
    story.play(20)
    assert "PTZ" in reason(story, Fault.SHAKE)


def test_snow_and_stripes_are_judged_on_analogue_encoders_only() -> None:
    noisy = {**DAY, "snow_share": 0.6}
    digital = CameraTimeline()
    digital.play(20, noisy)
    assert "analogue" in reason(digital, Fault.SNOW)
    analogue = CameraTimeline(Camera("gate", "rtsp://camera.test/1", analogue=True))
    analogue.play(20, noisy)
    assert analogue.verdict(Fault.SNOW).state is VerdictState.FAULT


def test_a_fault_that_needs_a_denser_plan_names_it() -> None:
    story = CameraTimeline()
    story.play(20)
    assert reason(story, Fault.SHAKE) == "needs every frame: set plan to all"
    dense = CameraTimeline(Camera("gate", "rtsp://camera.test/1", plan=SamplingPlan(mode=SamplingMode.ALL)))
    dense.play(20)
    assert dense.verdict(Fault.SHAKE).state is VerdictState.OK


def test_an_unlit_scene_is_not_assessable_and_noted_after_twelve_hours() -> None:
    story = CameraTimeline()
    story.learn(NIGHT)
    story.play(11 * 3600, UNLIT, flat_structure(0.04), step_s=60)
    assert reason(story, Fault.TOO_DARK) == "scene unlit"
    assert reason(story, Fault.COVERED) == "scene unlit"
    assert story.messages == []
    story.play(2 * 3600, UNLIT, flat_structure(0.04), step_s=60)
    (note,) = story.messages
    assert note.incident.headline is Fault.TOO_DARK
    assert note.incident.severity == "info"
    assert "no light in the scene for 12 hours" in note.incident.summary


def test_a_scene_declared_lit_at_night_is_judged_in_the_dark() -> None:
    story = CameraTimeline(Camera("gate", "rtsp://camera.test/1", lit_at_night=True))
    story.learn(NIGHT)
    story.play(600, UNLIT, flat_structure(0.04), step_s=2)
    assert [message.incident.headline for message in story.messages] == [Fault.TOO_DARK]


def test_after_a_mode_change_nothing_about_the_picture_is_said_for_two_minutes() -> None:
    story = CameraTimeline()
    story.learn(DAY)
    story.play(60, NIGHT, ELSEWHERE)
    assert reason(story, Fault.CAMERA_MOVED) == "settling after the change to night"
    assert reason(story, Fault.BLUR) == "settling after the change to night"
    assert story.judged is not None
    assert story.judged.snapshot.settling


def test_a_view_is_never_compared_across_a_mode_change() -> None:
    story = CameraTimeline()
    story.learn(DAY)
    story.play(180, NIGHT, ELSEWHERE, step_s=5)
    assert reason(story, Fault.CAMERA_MOVED) == "learning night"
    assert story.verdict(Fault.CAMERA_MOVED).cause is NotAssessable.NEEDS_BASELINE
    story.play(900, NIGHT, ELSEWHERE, step_s=10)
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK, "compared with the night's own first minutes"
    assert story.fired == []


def test_a_metric_that_could_not_be_measured_gives_its_reason() -> None:
    story = CameraTimeline()
    story.play(20, {metric: value for metric, value in DAY.items() if metric != "blockiness"})
    assert reason(story, Fault.BLOCKINESS) == "not measured: blockiness"


def test_a_reason_names_its_number_in_a_guards_words_with_its_unit() -> None:
    story = CameraTimeline(policy=replace(Policy.for_pictures(), metrics=read_every_metric()))
    story.play(1, {**DAY, "edge_width": 14.0, "sharpness": 0.05})
    said = story.verdict(Fault.BLUR).reason
    assert re.fullmatch(r"fine detail is gone: sharpness 4\.\d+ %, normal above 30 %", said), said


def test_verdict_changes_are_announced_once_and_not_with_every_number() -> None:
    story = CameraTimeline()
    story.play(30)
    story.play(30, DEFOCUSED)
    changes = [change for unit in story.store.units for change in unit.verdicts if change.verdict.fault is Fault.BLUR]
    assert [change.verdict.state for change in changes] == [
        VerdictState.NOT_ASSESSABLE,
        VerdictState.OK,
        VerdictState.FAULT,
    ]


def test_a_fresh_state_knows_nothing_and_says_so() -> None:
    camera = Camera("gate", "rtsp://camera.test/1")
    story = CameraTimeline(camera)
    judged = evaluate_observation(restore_state(camera), camera, Tick(story.now), story.policy)
    assert {verdict.state for verdict in judged.verdicts} == {VerdictState.NOT_ASSESSABLE}
    assert judged.snapshot.status is None


def test_one_observation_costs_about_a_millisecond_at_most() -> None:
    story = CameraTimeline()
    story.learn()
    story.play(20)
    began = thread_time()
    story.play(200)
    assert (thread_time() - began) / 400 < 0.01, "ten times the aim, for processors share their caches"
