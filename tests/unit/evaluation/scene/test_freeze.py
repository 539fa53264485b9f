from domain.alerts import NotificationKind
from domain.faults import Fault, VerdictState
from tests.unit.evaluation.camera_timeline import DAY, NIGHT, CameraTimeline

FROZEN = {"change_median": 0.0, "change_share": 0.02, "shift": 0.0, "flicker": 0.0}


def test_activity_that_stops_is_a_freeze_although_the_clock_runs_on() -> None:
    story = CameraTimeline()
    story.learn()
    story.play(80, {**DAY, **FROZEN})
    assert [message.incident.headline for message in story.messages] == [Fault.FREEZE]
    assert [message.kind for message in story.messages] == [NotificationKind.FIRING]


def test_a_denoised_static_night_is_not_a_freeze() -> None:
    still = {**NIGHT, **FROZEN}
    story = CameraTimeline()
    story.learn(still)
    story.play(600, still)
    verdict = story.verdict(Fault.FREEZE)
    assert verdict.state is VerdictState.NOT_ASSESSABLE
    assert "perfectly still" in verdict.reason
    assert story.fired == []


def test_without_a_reference_a_freeze_is_announced_only_if_the_warm_up_saw_activity() -> None:
    active = CameraTimeline()
    active.play(30)
    active.play(80, {**DAY, **FROZEN})
    assert active.fired == [Fault.FREEZE]

    never = CameraTimeline()
    never.play(110, {**DAY, **FROZEN})
    assert never.verdict(Fault.FREEZE).state is VerdictState.NOT_ASSESSABLE
    assert never.fired == []


def test_a_picture_that_changes_is_not_frozen_whatever_is_known() -> None:
    story = CameraTimeline()
    story.play(5)
    assert story.verdict(Fault.FREEZE).state is VerdictState.OK


def test_a_second_without_change_is_no_freeze() -> None:
    story = CameraTimeline()
    story.learn()
    story.play(2, {**DAY, **FROZEN}, step_s=0.04)
    assert story.verdict(Fault.FREEZE).state is VerdictState.OK
