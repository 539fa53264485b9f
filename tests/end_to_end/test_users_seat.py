"""What a security team sees of cameras that live through days, on simulated time and production times."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from domain.alerts import AlertState, NotificationKind
from domain.baselines import LightMode
from domain.cameras import Camera, ConnectionState
from domain.faults import Fault, VerdictState
from evaluation.rules.fault_rules import RULES
from tests.unit.evaluation.camera_timeline import DAY, ELSEWHERE, HOME, NIGHT, CameraTimeline, flat_structure

HOUR = 3600.0


def kinds(story: CameraTimeline) -> list[NotificationKind]:
    return [message.kind for message in story.messages]


def dusk(share: float) -> Mapping[str, float]:
    """Return a picture between day (0) and night (1) before the infrared filter swings out."""
    return {**DAY, "luma_mean": 0.45 - 0.27 * share, "luma_p95": 0.85 - 0.4 * share, "noise_sigma": 2.0 + share}


def a_day_and_a_night(story: CameraTimeline) -> None:
    story.play(11 * HOUR, DAY, step_s=330.0)
    for step in range(30):
        story.play(60.0, dusk(step / 30), step_s=10.0)
    story.play(600.0, NIGHT, step_s=5.0, counters={"fps": 12.5, "bitrate_bps": 6e6})
    story.play(11 * HOUR, NIGHT, step_s=330.0, counters={"fps": 12.5, "bitrate_bps": 6e6})
    story.play(600.0, dusk(0.9), step_s=5.0)
    for step in reversed(range(30)):
        story.play(60.0, dusk(step / 30), step_s=10.0)


def test_fourteen_days_and_nights_with_fps_halved_at_night_raise_no_alert() -> None:
    story = CameraTimeline()

    for _ in range(14):
        a_day_and_a_night(story)

    assert story.fired == []
    assert story.messages == []
    assert {reference.mode for reference in story.store.baselines.values()} == set(LightMode)


Play = Callable[[CameraTimeline], None]


def _frozen(story: CameraTimeline) -> None:
    # the burnt-in clock goes on: a few blocks change
    story.play(400.0, {**DAY, "change_median": 0.0, "change_share": 0.01, "shift": 0.0, "flicker": 0.0}, jitter=0.0)


def _defocused(story: CameraTimeline) -> None:
    soft = HOME.copy()
    soft[..., 1] *= 0.15
    values = {**DAY, "edge_width": 14.0, "sharpness": 0.15, "contrast_rms": 0.17, "texture_share": 0.1}
    story.play(700.0, values, soft, step_s=2.0, counters={"bitrate_bps": 1.5e6, "qp": 20.0})


def _noisy_night(story: CameraTimeline) -> None:
    story.play(
        700.0,
        {**NIGHT, "noise_sigma": 18.0, "noise_floor": 15.0, "sharpness": 0.9, "change_median": 14.0},
        counters={"qp": 34.0},
    )


def _covered(story: CameraTimeline) -> None:
    values = {
        **DAY, "luma_mean": 0.35, "luma_p95": 0.42, "contrast_rms": 0.02, "edge_width": 15.0, "sharpness": 0.05,
        "texture_share": 0.0, "change_median": 0.2, "haze": 0.6, "saturation": 0.03,
    }  # fmt: skip
    story.play(900.0, values, flat_structure(), step_s=2.0, counters={"bitrate_bps": 3e5, "qp": 18.0})


def _moved(story: CameraTimeline) -> None:
    story.play(700.0, {**DAY, "luma_mean": 0.5, "sharpness": 0.5}, ELSEWHERE, step_s=2.0)


def _starved(story: CameraTimeline) -> None:
    values = {**DAY, "blockiness": 2.8, "sharpness": 0.35, "edge_width": 5.2}
    story.play(700.0, step_s=2.0, values=values, counters={"bitrate_bps": 2e5, "qp": 44.0})


def _blackened(story: CameraTimeline) -> None:
    dark = {"luma_mean": 0.01, "luma_p05": 0.0, "luma_p95": 0.02, "black_share": 1.0, "contrast_rms": 0.005}
    values = {**DAY, **dark, "edge_width": 20.0, "sharpness": 0.0, "saturation": 0.0, "change_median": 0.0}
    story.play(
        900.0,
        {**values, "change_share": 0.0},
        flat_structure(0.01),
        step_s=2.0,
        counters={"bitrate_bps": 1e5, "qp": 12.0},
        jitter=0.0,
    )


def _fogged(story: CameraTimeline) -> None:
    veiled = HOME.copy()
    veiled[..., 1] *= 0.2
    veiled[..., 0] = 0.5 + 0.2 * veiled[..., 0]
    values = {**DAY, "contrast_rms": 0.04, "haze": 0.7, "sharpness": 0.25, "edge_width": 8.0}
    story.play(900.0, values, veiled, step_s=2.0, counters={"bitrate_bps": 1e6, "qp": 20.0})


def _lost(story: CameraTimeline) -> None:
    story.out(400.0, ConnectionState.LOST, reason="connection reset")


def _mute(story: CameraTimeline) -> None:
    story.out(400.0, ConnectionState.STALLED)


def _slate(story: CameraTimeline) -> None:
    slate = {"slate": 0.95, "luma_mean": 0.05, "luma_p95": 0.1, "change_median": 0.0, "change_share": 0.0}
    story.play(
        900.0,
        {**DAY, **slate, "contrast_rms": 0.04},
        flat_structure(0.05),
        step_s=2.0,
        counters={"bitrate_bps": 5e4, "qp": 12.0},
        jitter=0.0,
    )


CAUSES: Mapping[Fault, tuple[Mapping[str, float], Play]] = {
    Fault.FREEZE: (DAY, _frozen),
    Fault.BLUR: (DAY, _defocused),
    Fault.NOISE: (NIGHT, _noisy_night),
    Fault.COVERED: (DAY, _covered),
    Fault.CAMERA_MOVED: (DAY, _moved),
    Fault.BITRATE_STARVED: (DAY, _starved),
    Fault.SIGNAL_LOSS: (DAY, _lost),
    Fault.BLACK: (DAY, _blackened),
    Fault.LOW_CONTRAST: (DAY, _fogged),
    Fault.NO_FRAMES: (DAY, _mute),
    Fault.PLACEHOLDER: (DAY, _slate),
}


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_each_cause_gives_exactly_one_alert_with_the_right_headline(cause: Fault) -> None:
    healthy, go_wrong = CAUSES[cause]
    story = CameraTimeline()
    story.learn(healthy)
    assert story.messages == []

    go_wrong(story)

    assert kinds(story) == [NotificationKind.FIRING]
    told = story.messages[0].incident
    assert told.headline is cause
    assert story.judged is not None
    assert story.judged.snapshot.incident is not None
    assert story.judged.snapshot.incident.headline is cause

    story.play(1800.0, healthy, step_s=6.0)

    assert kinds(story) == [NotificationKind.FIRING, NotificationKind.RESOLVED]
    assert story.messages[-1].incident.incident_id == told.incident_id


def test_an_alert_carries_the_evidence_a_guard_asks_for() -> None:
    story = CameraTimeline()
    story.learn()

    _defocused(story)

    incident = story.messages[0].incident
    evidence = incident.evidence
    assert evidence.metric in RULES[Fault.BLUR].metrics
    assert evidence.value is not None
    worse_high = evidence.normal_high is not None and evidence.value > evidence.normal_high
    worse_low = evidence.normal_low is not None and evidence.value < evidence.normal_low
    assert worse_high != worse_low
    assert evidence.mode is LightMode.DAY
    assert evidence.frames_judged > 100
    assert evidence.since is not None
    assert (incident.opened_at - evidence.since).total_seconds() >= 300
    assert "out of focus" in incident.summary


def test_a_camera_moved_and_then_accepted_clears_in_ten_seconds_and_stays_clear_after_a_restart() -> None:
    story = CameraTimeline()
    story.learn()
    _moved(story)
    assert kinds(story) == [NotificationKind.FIRING]

    story.camera = replace(story.camera, accepted_at=story.now, accepted_by="ada")
    accepted_at = story.now
    story.play(10.0, {**DAY, "luma_mean": 0.5, "sharpness": 0.5}, ELSEWHERE)

    assert kinds(story) == [NotificationKind.FIRING, NotificationKind.RESOLVED]
    assert (story.messages[-1].created_at - accepted_at).total_seconds() <= 10
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK

    story.restart()
    story.play(3600.0, {**DAY, "luma_mean": 0.5, "sharpness": 0.5}, ELSEWHERE, step_s=2.0)

    assert len(story.messages) == 2
    assert story.verdict(Fault.CAMERA_MOVED).state is VerdictState.OK

    story.play(700.0, DAY, HOME, step_s=2.0)
    assert story.messages[-1].incident.headline is Fault.CAMERA_MOVED, "the accepted view is the reference now"


def test_an_alert_that_waits_fires_in_time_although_sightline_is_restarted_meanwhile() -> None:
    story = CameraTimeline()
    story.learn()
    story.out(30.0)
    assert story.alert_state(Fault.SIGNAL_LOSS) is AlertState.PENDING

    story.restart()
    story.out(60.0)

    assert kinds(story) == [NotificationKind.FIRING]
    assert story.messages[0].incident.headline is Fault.SIGNAL_LOSS


def test_a_short_blip_is_nobodys_business() -> None:
    story = CameraTimeline(Camera("gate", "rtsp://camera.test/1"))
    story.learn()

    for _ in range(5):
        story.out(40.0)
        story.play(120.0)

    assert story.fired == []
