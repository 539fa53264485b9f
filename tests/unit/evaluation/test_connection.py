from dataclasses import replace
from datetime import timedelta

import pytest

from domain.alerts import NotificationKind
from domain.cameras import Camera, ConnectionState, FaultSetting, SamplingMode, SamplingPlan, StreamStatus
from domain.faults import Fault, VerdictState
from evaluation.connection import ConnectionHistory, update_connection
from evaluation.policy import Policy
from tests.fakes.ports import START
from tests.unit.evaluation.camera_timeline import DAY, NIGHT, CameraTimeline

STATES = {
    ConnectionState.LOST: Fault.SIGNAL_LOSS,
    ConnectionState.STALLED: Fault.NO_FRAMES,
    ConnectionState.REFUSED: Fault.LOGIN_REFUSED,
    ConnectionState.UNSUPPORTED: Fault.CODEC_UNSUPPORTED,
}


@pytest.mark.parametrize(("state", "fault"), STATES.items(), ids=str)
def test_each_broken_connection_is_announced_after_a_minute_under_its_own_name(
    state: ConnectionState, fault: Fault
) -> None:
    story = CameraTimeline()
    story.play(20)
    story.out(50, state, reason="as the camera said")
    assert story.messages == []
    story.out(40, state, reason="as the camera said")
    (message,) = story.messages
    assert message.incident.headline is fault
    assert "as the camera said" in message.incident.summary


def test_a_camera_that_calls_itself_live_but_brings_no_picture_has_no_frames() -> None:
    story = CameraTimeline()
    story.play(20)
    for _ in range(60):
        story.out(0)
        story.now = story.now.fromtimestamp(story.now.timestamp() + 2, tz=story.now.tzinfo)
        story.status(last_frame_s=60.0)
    assert story.fired == [Fault.NO_FRAMES]
    assert story.verdict(Fault.SIGNAL_LOSS).state is VerdictState.OK
    assert story.verdict(Fault.BLUR).state is VerdictState.NOT_ASSESSABLE


def test_key_frames_that_come_every_twenty_seconds_are_no_stall() -> None:
    story = CameraTimeline()
    story.play(20)
    story.status(last_frame_s=25.0, counters={"gop_s": 20.0})
    assert story.verdict(Fault.NO_FRAMES).state is VerdictState.OK


def test_without_a_connection_no_picture_fault_is_assessable() -> None:
    story = CameraTimeline()
    story.play(20)
    story.out(10)
    for fault in (Fault.BLUR, Fault.FREEZE, Fault.COVERED, Fault.LOW_FPS):
        assert story.verdict(fault).state is VerdictState.NOT_ASSESSABLE
    assert story.verdict(Fault.BLUR).reason == "no connection"


def test_trying_to_connect_again_does_not_clear_a_lost_signal() -> None:
    story = CameraTimeline()
    story.play(20)
    for _ in range(30):
        story.out(4, ConnectionState.LOST)
        story.out(2, ConnectionState.CONNECTING)
    assert story.fired == [Fault.SIGNAL_LOSS]


def test_a_first_attempt_to_connect_says_nothing_yet() -> None:
    story = CameraTimeline()
    story.out(4, ConnectionState.CONNECTING)
    verdict = story.verdict(Fault.SIGNAL_LOSS)
    assert (verdict.state, verdict.reason) == (VerdictState.NOT_ASSESSABLE, "connecting")


def test_after_fifteen_seconds_without_a_status_ingest_is_silent_and_nothing_is_assessable() -> None:
    story = CameraTimeline()
    story.play(20)
    story.silent(15)
    assert story.verdict(Fault.SIGNAL_LOSS).state is VerdictState.OK
    story.silent(5)
    assert story.judged is not None
    assert {verdict.state for verdict in story.judged.verdicts} == {VerdictState.NOT_ASSESSABLE}
    assert story.verdict(Fault.SIGNAL_LOSS).reason == "ingest silent"
    story.silent(3600)
    assert story.messages == []


def test_a_patrol_at_rest_is_neither_judged_nor_silent() -> None:
    plan = SamplingPlan(mode=SamplingMode.PATROL, judge_s=10, every_s=300)
    story = CameraTimeline(Camera("gate", "rtsp://camera.test/1", plan=plan))
    story.play(10)
    story.out(2, ConnectionState.RESTING)
    story.silent(200)
    verdict = story.verdict(Fault.SIGNAL_LOSS)
    assert (verdict.state, verdict.reason) == (VerdictState.NOT_ASSESSABLE, "resting between two patrol visits")


def test_a_recording_that_ended_is_no_lost_connection_and_nothing_of_it_is_judged() -> None:
    story = CameraTimeline(Camera("gate", "film.mp4"))
    story.play(10)
    story.out(300, ConnectionState.RESTING, reason="the recording ended")
    for fault in (Fault.SIGNAL_LOSS, Fault.BLUR):
        verdict = story.verdict(fault)
        assert (verdict.state, verdict.reason) == (VerdictState.NOT_ASSESSABLE, "the recording ended")
    assert story.fired == []


def test_low_fps_is_measured_against_the_same_light() -> None:
    story = CameraTimeline()
    story.learn(DAY)
    story.learn(NIGHT, {"fps": 12.5})
    story.play(600, DAY, step_s=5)
    story.play(300, DAY, step_s=5, counters={"fps": 12.0})
    assert story.fired == [Fault.LOW_FPS]
    other = CameraTimeline()
    other.learn(DAY)
    other.learn(NIGHT, {"fps": 12.5})
    other.play(600, NIGHT, step_s=5, counters={"fps": 12.0})
    assert other.fired == []


def test_a_low_bitrate_alone_is_a_quiet_scene_and_not_starvation() -> None:
    story = CameraTimeline()
    story.learn()
    story.play(300, DAY, step_s=5, counters={"bitrate_bps": 3e5, "qp": 22.0})
    assert story.fired == []
    story.play(200, DAY, counters={"bitrate_bps": 3e5, "qp": 42.0})
    assert story.fired == [Fault.BITRATE_STARVED]


def test_decode_errors_count_by_rate_and_a_restart_of_the_counters_is_none() -> None:
    story = CameraTimeline()
    story.play(60, counters={"decode_errors": 1000})
    story.play(60, counters={"decode_errors": 0})
    assert story.verdict(Fault.DECODE_ERRORS).state is VerdictState.OK
    for count in range(180):
        story.play(1, counters={"decode_errors": count})
    assert story.fired == [Fault.DECODE_ERRORS]


def test_a_change_of_resolution_is_announced_once_and_never_resolved() -> None:
    story = CameraTimeline()
    story.play(20)
    story.play(1500, step_s=5, counters={"width": 1280, "height": 720})
    (message,) = story.messages
    assert message.kind is NotificationKind.FIRING
    assert message.incident.headline is Fault.RESOLUTION_CHANGED
    assert "from 1920x1080 to 1280x720" in message.incident.summary
    assert message.incident.severity == "info"
    assert story.state.case.incident is None


def test_a_change_of_codec_across_a_reconnect_is_noticed() -> None:
    story = CameraTimeline()
    story.play(20)
    story.out(20)
    story.session = "s2"
    for _ in range(30):
        story.play(1, counters={"codec": "hevc"})  # type: ignore[dict-item]
    (message,) = story.messages
    assert message.incident.headline is Fault.CODEC_CHANGED
    assert "from h264 to hevc" in message.incident.summary


def test_what_the_operator_switched_off_is_not_judged() -> None:
    story = CameraTimeline(
        Camera("gate", "rtsp://camera.test/1", faults={Fault.SIGNAL_LOSS: FaultSetting(enabled=False)})
    )
    story.play(20)
    story.out(600)
    assert Fault.SIGNAL_LOSS not in story.fired
    assert story.verdict(Fault.SIGNAL_LOSS).reason == "switched off for this camera"


def test_sensitivity_moves_the_bounds() -> None:
    values = {**DAY, "black_share": 0.965}
    for sensitivity, state in ((10, VerdictState.FAULT), (5, VerdictState.OK), (1, VerdictState.OK)):
        setting = {Fault.BLACK: FaultSetting(sensitivity=sensitivity)}
        story = CameraTimeline(replace(Camera("gate", "rtsp://camera.test/1"), faults=setting))
        story.play(20, values, jitter=0.0)
        assert story.verdict(Fault.BLACK).state is state


def test_a_status_that_waited_in_the_queue_says_nothing_of_a_stall_since() -> None:
    at = START
    status = StreamStatus("gate", "s1", 5, at, ConnectionState.LIVE, last_frame_at=at)
    assert update_connection(ConnectionHistory(), status, at + timedelta(seconds=60), Policy()).down is None
    stalled = replace(status, last_frame_at=at - timedelta(seconds=60))
    assert update_connection(ConnectionHistory(), stalled, at, Policy()).down is Fault.NO_FRAMES


def test_pictures_that_are_decoded_and_not_offered_are_no_stall() -> None:
    status = StreamStatus("gate", "s1", 5, START, ConnectionState.LIVE, last_frame_at=START - timedelta(seconds=60))
    assert update_connection(ConnectionHistory(), status, START, Policy()).down is Fault.NO_FRAMES
    decoding = replace(status, last_picture_at=START - timedelta(seconds=1))
    assert update_connection(ConnectionHistory(), decoding, START, Policy()).down is None
    stalled = replace(status, last_picture_at=START - timedelta(seconds=30))
    assert update_connection(ConnectionHistory(), stalled, START, Policy()).down is Fault.NO_FRAMES


def test_while_a_first_key_frame_is_waited_for_the_verdicts_say_so_and_nothing_is_raised() -> None:
    story = CameraTimeline()
    story.out(170, ConnectionState.CONNECTING, reason="video arrives, but no key frame for 70 s")
    assert story.messages == []
    verdict = story.verdict(Fault.NO_FRAMES)
    assert (verdict.state, verdict.reason) == (
        VerdictState.NOT_ASSESSABLE,
        "video arrives, but no key frame for 70 s",
    )
