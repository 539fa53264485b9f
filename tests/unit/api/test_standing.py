from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.evaluator import UNSCORED
from api.standing import STALE_AFTER_S, CameraState, standing
from domain.alerts import Alert, AlertState, IncidentState
from domain.quality import Fault, Verdict, VerdictState
from domain.streams import Camera, ConnectionState
from domain.units import StreamSnapshot
from tests.unit.api.stage import Stage, blurred, disconnected, verdicts

CAMERA = Camera("gate", "rtsp://h/1")


@pytest.fixture
def failing(stage: Stage) -> StreamSnapshot:
    stage.failing(CAMERA, blurred(), severity="critical")
    snapshot = stage.live.get("gate")
    assert snapshot is not None
    return snapshot


def judged(snapshot: StreamSnapshot, verdict: Verdict) -> StreamSnapshot:
    return replace(snapshot, verdicts=tuple(verdict if v.fault is verdict.fault else v for v in snapshot.verdicts))


def test_nothing_heard_reads_as_unknown(stage: Stage) -> None:
    assert standing(CAMERA, None, stage.clock.now()).state is CameraState.UNKNOWN


def test_an_old_judgement_reads_as_unknown_though_it_was_good(stage: Stage) -> None:
    snapshot = stage.healthy(CAMERA)
    young = standing(CAMERA, snapshot, snapshot.at + timedelta(seconds=STALE_AFTER_S))
    old = standing(CAMERA, snapshot, snapshot.at + timedelta(seconds=STALE_AFTER_S + 1))
    assert (young.state, old.state) == (CameraState.OK, CameraState.UNKNOWN)
    assert old.reason == "last judged 31 s ago, scoring is behind"
    assert old.checks.done == 0


def test_a_camera_switched_off_is_neither_good_nor_bad(stage: Stage) -> None:
    snapshot = stage.healthy(CAMERA)
    off = standing(replace(CAMERA, enabled=False), snapshot, snapshot.at)
    assert off.state is CameraState.OFF


def test_an_open_incident_is_a_fault_with_todays_number(failing: StreamSnapshot) -> None:
    later = judged(failing, blurred(8.8))
    told = standing(CAMERA, later, failing.at)
    assert (told.state, told.headline, told.severity) == (CameraState.FAULT, Fault.BLUR, "critical")
    assert told.evidence.value == 8.8


def test_a_fault_that_has_just_gone_is_still_told_and_says_so(failing: StreamSnapshot) -> None:
    told = standing(CAMERA, judged(failing, Verdict(Fault.BLUR, VerdictState.OK)), failing.at)
    assert told.state is CameraState.FAULT
    assert told.reason == "good again; resolved once it stays so"


def test_a_fault_that_cannot_be_judged_now_keeps_its_evidence(failing: StreamSnapshot) -> None:
    unlit = Verdict(Fault.BLUR, VerdictState.NOT_ASSESSABLE, "scene unlit")
    told = standing(CAMERA, judged(failing, unlit), failing.at)
    assert told.reason == "cannot be told now: scene unlit"
    assert told.evidence == blurred().evidence


def test_a_resolved_incident_is_no_fault(failing: StreamSnapshot) -> None:
    assert failing.incident is not None
    over = replace(
        failing,
        verdicts=verdicts(CAMERA),
        alerts=(),
        incident=replace(failing.incident, state=IncidentState.RESOLVED),
    )
    assert standing(CAMERA, over, failing.at).state is CameraState.OK


def test_a_firing_alert_without_an_incident_is_a_fault(stage: Stage) -> None:
    snapshot = judged(stage.healthy(CAMERA), blurred())
    alert = Alert("gate", Fault.BLUR, AlertState.FIRING, snapshot.at, snapshot.at)
    assert standing(CAMERA, replace(snapshot, alerts=(alert,)), snapshot.at).state is CameraState.FAULT


def test_a_fault_not_yet_told_is_suspected_and_named_by_its_cause(stage: Stage) -> None:
    snapshot = judged(judged(stage.healthy(CAMERA), blurred()), disconnected())
    seen = standing(CAMERA, snapshot, snapshot.at)
    assert (seen.state, seen.headline, seen.symptoms) == (CameraState.SUSPECTED, Fault.SIGNAL_LOSS, (Fault.BLUR,))


def test_without_a_single_answer_a_camera_is_not_called_ok(stage: Stage) -> None:
    snapshot = stage.healthy(CAMERA)
    silent = tuple(Verdict(fault, VerdictState.NOT_ASSESSABLE, "ingest silent") for fault in Fault)
    seen = standing(CAMERA, replace(snapshot, verdicts=silent), snapshot.at)
    assert (seen.state, seen.reason) == (CameraState.NOT_ASSESSABLE, "ingest silent")


@pytest.mark.parametrize("state", [state for state in ConnectionState if state not in ("live", "resting")])
def test_without_pictures_a_camera_is_not_called_ok_before_its_fault_is_seen(
    stage: Stage, state: ConnectionState
) -> None:
    snapshot = stage.healthy(CAMERA)
    gone = replace(snapshot, status=replace(stage.status("gate", state), reason="the recording ended"))
    seen = standing(CAMERA, gone, snapshot.at)
    assert (seen.state, seen.reason) == (CameraState.NOT_ASSESSABLE, "the recording ended")
    assert standing(CAMERA, replace(snapshot, status=None), snapshot.at).state is CameraState.NOT_ASSESSABLE


def test_worse_comes_first(stage: Stage) -> None:
    now = stage.clock.now()
    healthy = stage.healthy(CAMERA)
    stage.failing(CAMERA, blurred(), severity="warning")
    warning = stage.live.get("gate")
    stage.failing(CAMERA, disconnected(), severity="critical")
    critical = stage.live.get("gate")
    suspected = judged(healthy, blurred())
    silent = replace(healthy, verdicts=())
    ranked = [
        standing(CAMERA, critical, now),
        standing(CAMERA, warning, now),
        standing(CAMERA, None, now),
        standing(CAMERA, suspected, now),
        standing(CAMERA, silent, now),
        standing(CAMERA, healthy, now),
        standing(replace(CAMERA, enabled=False), healthy, now),
    ]
    assert [each.badness for each in ranked] == sorted(each.badness for each in ranked)
    assert len({each.badness for each in ranked}) == len(ranked)


def test_a_camera_whose_frames_were_all_dropped_is_not_called_ok(stage: Stage) -> None:
    stage.healthy(CAMERA)
    snapshot = stage.live.get("gate")
    assert snapshot is not None
    unscored = judged(snapshot, Verdict(Fault.BLUR, VerdictState.NOT_ASSESSABLE, UNSCORED))
    found = standing(CAMERA, unscored, stage.clock.now())
    assert (found.state, found.reason) == (CameraState.NOT_ASSESSABLE, UNSCORED)
