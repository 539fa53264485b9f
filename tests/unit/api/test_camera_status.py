from dataclasses import replace
from datetime import timedelta

import pytest

from api.camera_status import STALE_AFTER_S, CameraState, derive_camera_status
from domain.alerts import Alert, AlertState, IncidentState
from domain.cameras import Camera, ConnectionState
from domain.faults import Fault, NotAssessable, Verdict, VerdictState
from domain.messages import StreamSnapshot
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict, signal_loss_verdict, verdicts

CAMERA = Camera("gate", "rtsp://h/1")


@pytest.fixture
def failing(stage: SampleCameras) -> StreamSnapshot:
    stage.failing(CAMERA, blur_verdict(), severity="critical")
    snapshot = stage.live.get("gate")
    assert snapshot is not None
    return snapshot


def replace_verdict(snapshot: StreamSnapshot, verdict: Verdict) -> StreamSnapshot:
    return replace(snapshot, verdicts=tuple(verdict if v.fault is verdict.fault else v for v in snapshot.verdicts))


def test_nothing_heard_reads_as_unknown(stage: SampleCameras) -> None:
    assert derive_camera_status(CAMERA, None, stage.clock.now()).state is CameraState.UNKNOWN


def test_an_old_judgement_reads_as_unknown_though_it_was_good(stage: SampleCameras) -> None:
    snapshot = stage.healthy(CAMERA)
    young = derive_camera_status(CAMERA, snapshot, snapshot.at + timedelta(seconds=STALE_AFTER_S))
    old = derive_camera_status(CAMERA, snapshot, snapshot.at + timedelta(seconds=STALE_AFTER_S + 1))
    assert (young.state, old.state) == (CameraState.OK, CameraState.UNKNOWN)
    assert old.reason == "last judged 31 s ago, scoring is behind"
    assert old.checks.done == 0


def test_a_camera_switched_off_is_neither_good_nor_bad(stage: SampleCameras) -> None:
    snapshot = stage.healthy(CAMERA)
    off = derive_camera_status(replace(CAMERA, enabled=False), snapshot, snapshot.at)
    assert off.state is CameraState.OFF


def test_an_open_incident_is_a_fault_with_todays_number(failing: StreamSnapshot) -> None:
    later = replace_verdict(failing, blur_verdict(8.8))
    told = derive_camera_status(CAMERA, later, failing.at)
    assert (told.state, told.headline, told.severity) == (CameraState.FAULT, Fault.BLUR, "critical")
    assert told.evidence.value == 8.8


def test_a_fault_that_has_just_gone_is_still_reported_and_says_so(failing: StreamSnapshot) -> None:
    told = derive_camera_status(CAMERA, replace_verdict(failing, Verdict(Fault.BLUR, VerdictState.OK)), failing.at)
    assert told.state is CameraState.FAULT
    assert told.reason == "good again; resolved once it stays so"


def test_a_fault_that_cannot_be_judged_now_keeps_its_evidence(failing: StreamSnapshot) -> None:
    unlit = Verdict(Fault.BLUR, VerdictState.NOT_ASSESSABLE, "scene unlit")
    told = derive_camera_status(CAMERA, replace_verdict(failing, unlit), failing.at)
    assert told.reason == "not assessable now: scene unlit"
    assert told.evidence == blur_verdict().evidence


def test_a_resolved_incident_is_no_fault(failing: StreamSnapshot) -> None:
    assert failing.incident is not None
    over = replace(
        failing,
        verdicts=verdicts(CAMERA),
        alerts=(),
        incident=replace(failing.incident, state=IncidentState.RESOLVED),
    )
    assert derive_camera_status(CAMERA, over, failing.at).state is CameraState.OK


def test_a_firing_alert_without_an_incident_is_a_fault(stage: SampleCameras) -> None:
    snapshot = replace_verdict(stage.healthy(CAMERA), blur_verdict())
    alert = Alert("gate", Fault.BLUR, AlertState.FIRING, snapshot.at, snapshot.at)
    assert derive_camera_status(CAMERA, replace(snapshot, alerts=(alert,)), snapshot.at).state is CameraState.FAULT


def test_a_fault_not_yet_reported_is_suspected_and_named_by_its_cause(stage: SampleCameras) -> None:
    snapshot = replace_verdict(replace_verdict(stage.healthy(CAMERA), blur_verdict()), signal_loss_verdict())
    seen = derive_camera_status(CAMERA, snapshot, snapshot.at)
    assert (seen.state, seen.headline, seen.symptoms) == (CameraState.SUSPECTED, Fault.SIGNAL_LOSS, (Fault.BLUR,))


def test_without_a_single_answer_a_camera_is_not_called_ok(stage: SampleCameras) -> None:
    snapshot = stage.healthy(CAMERA)
    silent = tuple(Verdict(fault, VerdictState.NOT_ASSESSABLE, "ingest silent") for fault in Fault)
    seen = derive_camera_status(CAMERA, replace(snapshot, verdicts=silent), snapshot.at)
    assert (seen.state, seen.reason) == (CameraState.NOT_ASSESSABLE, "ingest silent")


@pytest.mark.parametrize("state", [state for state in ConnectionState if state not in ("live", "resting")])
def test_without_pictures_a_camera_is_not_called_ok_before_its_fault_is_seen(
    stage: SampleCameras, state: ConnectionState
) -> None:
    snapshot = stage.healthy(CAMERA)
    gone = replace(snapshot, status=replace(stage.status("gate", state), reason="the recording ended"))
    seen = derive_camera_status(CAMERA, gone, snapshot.at)
    assert (seen.state, seen.reason) == (CameraState.NOT_ASSESSABLE, "the recording ended")
    assert derive_camera_status(CAMERA, replace(snapshot, status=None), snapshot.at).state is CameraState.NOT_ASSESSABLE


def test_worse_comes_first(stage: SampleCameras) -> None:
    now = stage.clock.now()
    healthy = stage.healthy(CAMERA)
    stage.failing(CAMERA, blur_verdict(), severity="warning")
    warning = stage.live.get("gate")
    stage.failing(CAMERA, signal_loss_verdict(), severity="critical")
    critical = stage.live.get("gate")
    suspected = replace_verdict(healthy, blur_verdict())
    silent = replace(healthy, verdicts=())
    ranked = [
        derive_camera_status(CAMERA, critical, now),
        derive_camera_status(CAMERA, warning, now),
        derive_camera_status(CAMERA, None, now),
        derive_camera_status(CAMERA, suspected, now),
        derive_camera_status(CAMERA, silent, now),
        derive_camera_status(CAMERA, healthy, now),
        derive_camera_status(replace(CAMERA, enabled=False), healthy, now),
    ]
    assert [each.urgency for each in ranked] == sorted(each.urgency for each in ranked)
    assert len({each.urgency for each in ranked}) == len(ranked)


def test_a_camera_whose_frames_were_all_dropped_is_not_called_ok(stage: SampleCameras) -> None:
    stage.healthy(CAMERA)
    snapshot = stage.live.get("gate")
    assert snapshot is not None
    unscored = replace_verdict(
        snapshot, Verdict(Fault.BLUR, VerdictState.NOT_ASSESSABLE, "behind", cause=NotAssessable.UNSCORED)
    )
    found = derive_camera_status(CAMERA, unscored, stage.clock.now())
    assert (found.state, found.reason) == (CameraState.NOT_ASSESSABLE, "behind")
