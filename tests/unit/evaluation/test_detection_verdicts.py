"""Whether detection still works here is judged against the camera's own past at the same hour of the day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.faults import Fault, NotAssessable, VerdictState
from domain.frames import FrameRef
from domain.metrics import FrameScores
from evaluation.alerting.root_cause import root_causes
from evaluation.policy import Policy
from tests.unit.evaluation.camera_timeline import DAY, HOME, NIGHT, CameraTimeline

QUICK = Policy(learn_s=900.0, learn_frames=30, course_s=0.0, follow_s=900.0)
"""A quarter of an hour to learn from; the hours themselves are those of production."""
BUSY: Mapping[str, float] = {
    **DAY, "detectability": 88.0, "person_count": 2.0, "face_count": 1.0, "face_overall_median": 3.6,
}  # fmt: skip
EMPTY: Mapping[str, float] = {**DAY, "detectability": 88.0, "person_count": 0.0, "face_count": 0.0}
NOBODY = {"person_count": 0.0, "face_count": 0.0}
DETECTION, FACES = Fault.DETECTION_IMPAIRED, Fault.POOR_FACES


def learn_hour(values: Mapping[str, float] = BUSY, policy: Policy = QUICK) -> CameraTimeline:
    """Return a camera that knows what is usual in the hour it is in, nearly half an hour after it began to look."""
    story = CameraTimeline(policy=policy)
    story.now = story.now.replace(minute=0, second=0)
    play(story, 1500, values)
    return story


def play(story: CameraTimeline, seconds: float, values: Mapping[str, float]) -> None:
    story.play(seconds, values, step_s=30.0)


def next_day(story: CameraTimeline, values: Mapping[str, float] = BUSY, seconds: float = 900) -> CameraTimeline:
    """Return the camera at the same hour of the next day, with pictures again for this long."""
    story.now = story.now.replace(minute=0) + timedelta(days=1)
    play(story, seconds, values)
    return story


def test_a_camera_whose_pictures_show_detectors_half_as_much_is_named_with_its_evidence() -> None:
    story = learn_hour()
    assert story.verdict(DETECTION).state is VerdictState.OK
    play(story, 1500, {**BUSY, "detectability": 44.0})
    verdict = story.verdict(DETECTION)
    assert verdict.state is VerdictState.FAULT
    assert verdict.evidence.metric == "detectability_recent"
    assert verdict.evidence.unit == "% of objects"
    assert verdict.evidence.value == pytest.approx(44.0, abs=2)
    assert verdict.evidence.normal_low == pytest.approx(0.75 * 88.0, abs=2)
    assert verdict.reason.startswith("detection no longer works here as it usually does at this hour: ")
    assert story.fired == [DETECTION]


def test_a_smaller_loss_counts_where_the_people_who_usually_come_are_not_found_either() -> None:
    story = next_day(learn_hour(), {**BUSY, **NOBODY, "detectability": 70.0}, 3300)
    assert story.verdict(DETECTION).state is VerdictState.FAULT


@pytest.mark.parametrize(
    ("usual", "seen"),
    [
        pytest.param(BUSY, {**BUSY, **NOBODY}, id="a holiday: nobody comes, the picture is as good as ever"),
        pytest.param(BUSY, {**BUSY, "detectability": 70.0}, id="a hazy morning: people are still found"),
        pytest.param(EMPTY, {**EMPTY, "detectability": 70.0}, id="a hazy hour in which nobody ever comes"),
        pytest.param({**EMPTY, "person_count": 0.05}, {**EMPTY, "detectability": 70.0}, id="hardly anybody ever comes"),
        pytest.param({**EMPTY, **NIGHT}, {**EMPTY, **NIGHT}, id="an empty scene by night"),
        pytest.param(BUSY, {**BUSY, "person_count": 9.0, "face_count": 6.0}, id="a crowd"),
    ],
)  # fmt: skip
def test_healthy_hours_raise_nothing(usual: Mapping[str, float], seen: Mapping[str, float]) -> None:
    story = next_day(learn_hour(usual), usual)
    play(story, 2640, seen)
    assert story.verdict(DETECTION).state is VerdictState.OK
    assert story.fired == []


def test_before_a_day_was_seen_nothing_is_said() -> None:
    story = learn_hour(policy=Policy(learn_s=900.0, learn_frames=30))
    play(story, 1500, {**BUSY, "detectability": 20.0, "face_overall_median": 1.2})
    for fault in (DETECTION, FACES):
        assert story.verdict(fault).state is VerdictState.NOT_ASSESSABLE
        assert story.verdict(fault).cause is NotAssessable.NEEDS_BASELINE
    assert story.fired == []


def test_another_hour_is_compared_once_it_is_known() -> None:
    story = learn_hour()
    story.now += timedelta(hours=5)
    poor = {**BUSY, "detectability": 30.0}
    play(story, 450, poor)
    assert story.verdict(DETECTION).state is VerdictState.NOT_ASSESSABLE
    assert story.verdict(DETECTION).reason == "learning what is usual at this hour"
    play(story, 900, poor)
    next_day(story, poor)
    assert story.verdict(DETECTION).state is VerdictState.OK
    next_day(story, {**BUSY, "detectability": 15.0})
    assert story.verdict(DETECTION).state is VerdictState.FAULT


def test_what_is_usual_at_an_hour_outlives_a_restart() -> None:
    story = learn_hour()
    story.restart()
    next_day(story, {**BUSY, "detectability": 44.0})
    assert story.verdict(DETECTION).state is VerdictState.FAULT


def test_a_fault_that_lasts_for_days_does_not_become_usual() -> None:
    story = learn_hour()
    for _ in range(4):
        next_day(story, {**BUSY, "detectability": 44.0})
    assert story.verdict(DETECTION).state is VerdictState.FAULT


def test_faces_too_poor_to_recognise_are_named_and_merely_worse_ones_are_not() -> None:
    story = learn_hour()
    play(story, 2340, {**BUSY, "face_overall_median": 2.9})
    assert story.verdict(FACES).state is VerdictState.OK
    story = next_day(story)
    play(story, 2640, {**BUSY, "face_overall_median": 2.0})
    verdict = story.verdict(FACES)
    assert verdict.state is VerdictState.FAULT
    assert verdict.evidence.metric == "face_quality_recent"
    assert verdict.evidence.unit == "1-5, opinion"
    assert story.fired == [FACES]


def test_a_camera_without_faces_says_nothing_of_faces() -> None:
    story = learn_hour(EMPTY)
    play(story, 900, EMPTY)
    assert story.verdict(FACES).state is VerdictState.NOT_ASSESSABLE
    assert story.verdict(FACES).reason == "too few faces were rated in the last hour"


def test_a_camera_whose_models_are_off_says_so_and_raises_nothing() -> None:
    story = learn_hour(DAY)
    play(story, 900, DAY)
    assert story.verdict(DETECTION).reason == "detectability was measured too rarely in the last ten minutes"
    assert story.fired == []


@pytest.mark.parametrize(
    "cause", [Fault.BLUR, Fault.LOW_CONTRAST, Fault.TOO_DARK, Fault.COVERED, Fault.NOISE, Fault.NO_FRAMES]
)
def test_the_fault_that_hides_people_is_the_cause(cause: Fault) -> None:
    assert root_causes({cause, DETECTION, FACES}) == (cause,)


def test_the_numbers_are_stored_with_the_frames_that_were_looked_at_and_with_no_others() -> None:
    story = learn_hour()
    assert story.judged is not None
    assert story.judged.snapshot.values["detections_per_look"] == pytest.approx(3.0, abs=0.1)
    story.now += timedelta(seconds=1)
    judged = story.frame(DAY, None, 0.0)
    assert "detections_per_look" not in judged.snapshot.values
    assert story.verdict(DETECTION).state is VerdictState.OK


def look(story: CameraTimeline, seconds: float, values: Mapping[str, float], models: Mapping[str, str]) -> None:
    """Play pictures that say which models measured them."""
    for _ in range(round(seconds / 30)):
        story.now += timedelta(seconds=30)
        story.status()
        story.sequence += 1
        ref = FrameRef(story.camera.name, story.session, story.sequence, None, story.now)
        story.observe(FrameScores(ref, dict(values), models=models, structure=HOME, width=1920, height=1080))


def test_another_model_is_not_held_against_what_the_last_one_found() -> None:
    old, new = {"detectability": "detectability@aa"}, {"detectability": "detectability@bb"}
    story = CameraTimeline(policy=QUICK)
    story.now = story.now.replace(minute=0, second=0)
    look(story, 1900, BUSY, old)
    assert story.verdict(DETECTION).state is VerdictState.OK
    for _ in range(2):
        story.now = story.now.replace(minute=0) + timedelta(days=1)
        look(story, 2700, {**BUSY, "detectability": 50.0}, new)
    assert story.fired == []
    assert story.verdict(DETECTION).state is VerdictState.OK
    story.now = story.now.replace(minute=0) + timedelta(days=1)
    look(story, 1500, {**BUSY, "detectability": 25.0}, new)
    assert story.fired == [DETECTION]


def test_a_worker_with_another_arithmetic_is_no_other_model() -> None:
    story = CameraTimeline(policy=QUICK)
    story.now = story.now.replace(minute=0, second=0)
    look(story, 1500, BUSY, {"detectability": "detectability@aa"})
    look(story, 1500, {**BUSY, "detectability": 40.0}, {"detectability": "detectability@aa+bf16-openvino"})
    assert story.fired == [DETECTION]


def test_the_faces_of_the_night_are_not_held_against_the_day_that_begins() -> None:
    story = learn_hour()
    story.now = story.now.replace(minute=0) + timedelta(days=1)
    play(story, 2400, {**BUSY, **NIGHT, "face_overall_median": 2.0, "detectability": 50.0})
    play(story, 1140, DAY)
    assert story.fired == []
    assert story.verdict(FACES).state is VerdictState.NOT_ASSESSABLE


def test_one_person_who_stays_a_while_does_not_make_faces_poor() -> None:
    story = next_day(learn_hour(), {**EMPTY, "face_count": 0.0})
    story.play(420, {**BUSY, "face_overall_median": 1.8}, step_s=10.0)
    play(story, 2000, EMPTY)
    assert story.fired == []


def test_a_few_minutes_without_people_after_a_restart_are_no_hour_without_people() -> None:
    story = learn_hour()
    story.now = story.now.replace(minute=0) + timedelta(days=1)
    story.play(840, {**BUSY, **NOBODY, "detectability": 70.0}, step_s=10.0)
    assert "detections_per_look" not in story.state.view.values
    assert story.verdict(DETECTION).state is not VerdictState.FAULT


def test_persons_alone_are_not_held_against_persons_and_faces() -> None:
    usual = {**BUSY, "person_count": 0.3, "face_count": 3.0}
    without_faces = {metric: value for metric, value in usual.items() if not metric.startswith("face")}
    story = next_day(learn_hour(usual), {**without_faces, "detectability": 70.0}, 3300)
    assert story.fired == []


def test_the_empty_hours_of_a_weekend_become_usual_and_a_hazy_one_says_nothing() -> None:
    story = learn_hour()
    for day in range(14):
        next_day(story, {**BUSY, **(NOBODY if day % 7 >= 5 else {})}, 3300)
    hazy = {**BUSY, **NOBODY, "detectability": 70.0}
    next_day(story, hazy, 3300)
    assert story.fired == []


def test_how_many_come_is_compared_once_two_weeks_are_known() -> None:
    policy = replace(QUICK, course_s=86400.0)
    story = learn_hour(policy=policy)
    next_day(story)
    next_day(story, {**BUSY, **NOBODY, "detectability": 70.0}, 3300)
    assert story.fired == []
    for _ in range(12):
        next_day(story)
    next_day(story, {**BUSY, **NOBODY, "detectability": 70.0}, 3300)
    assert story.fired == [DETECTION]
