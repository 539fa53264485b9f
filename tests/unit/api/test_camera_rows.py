"""A camera's row is worked out once for each snapshot, and again as soon as anything about it changed."""

from dataclasses import replace
from datetime import timedelta

from api.camera_rows import RowCache
from api.camera_status import STALE_AFTER_S, CameraState
from api.live_snapshots import KnownSnapshots
from domain.cameras import Camera
from domain.faults import Fault, VerdictState
from tests.unit.api.conftest import Caller
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

GATE = Camera("gate", "rtsp://h/1", site="North")


def test_the_same_snapshot_gives_the_same_row_and_another_one_another(stage: SampleCameras) -> None:
    snapshot, now, rows = stage.healthy(GATE), stage.clock.now(), RowCache()
    known = KnownSnapshots({"gate": snapshot})
    row = rows.read(GATE, known, now)
    assert rows.read(GATE, known, now + timedelta(seconds=5)) is row
    failing = tuple(blur_verdict() if each.fault is Fault.BLUR else each for each in snapshot.verdicts)
    later = rows.read(GATE, KnownSnapshots({"gate": replace(snapshot, verdicts=failing)}), now)
    assert (row.status.state, later.status.state) == (CameraState.OK, CameraState.SUSPECTED)
    assert any(each.state is VerdictState.FAULT for each in failing)


def test_a_snapshot_that_grows_old_a_camera_that_changes_and_one_that_is_gone_are_seen_at_once(
    stage: SampleCameras,
) -> None:
    snapshot, now, rows = stage.healthy(GATE), stage.clock.now(), RowCache()
    known = KnownSnapshots({"gate": snapshot})
    rows.read(GATE, known, now)
    old = rows.read(GATE, known, now + timedelta(seconds=STALE_AFTER_S + 1))
    assert (old.status.state, old.snapshot) == (CameraState.UNKNOWN, None)
    assert rows.read(GATE, known, now).status.state is CameraState.OK
    off = replace(GATE, enabled=False)
    assert rows.read(off, known, now).status.state is CameraState.OFF
    assert rows.read(GATE, known, now).status.state is CameraState.OK
    assert rows.read(GATE, KnownSnapshots(), now).status.state is CameraState.UNKNOWN
    assert rows.read(GATE, KnownSnapshots({"gate": snapshot}, outage="the live state is away"), now).stored is True


def test_the_age_of_the_last_frame_goes_on_while_nothing_else_changes(stage: SampleCameras, api: Caller) -> None:
    stage.healthy(GATE)
    first = api.get("/api/v1/cameras").json()["cameras"][0]
    stage.clock.advance(4.0)
    second = api.get("/api/v1/cameras").json()["cameras"][0]
    assert second["age_s"] == first["age_s"] + 4.0
    assert {**first, "age_s": 0} == {**second, "age_s": 0}
