"""What every store of cameras promises."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.camera_changes import CameraChangedMeanwhile, values_of
from domain.cameras import Camera, ConnectionState, FaultSetting, Mask, RtspTransport, SamplingMode, SamplingPlan
from domain.faults import Fault
from domain.messages import BatchResult
from tests.contract.conftest import PortStores
from tests.contract.records import status
from tests.fakes.ports import START

GATE = Camera(
    name="gate",
    url="rtsp://guard:p@ss:w/hunter2@10.0.0.7:554/main",
    site="Harbour",
    group="switch 4",
    transport=RtspTransport.UDP,
    plan=SamplingPlan(SamplingMode.PATROL, judge_s=12.5, every_s=600.0),
    ptz=True,
    lit_at_night=True,
    masks=(Mask(0.0, 0.0, 0.25, 0.1), Mask(0.5, 0.5, 0.5, 0.5)),
    faults={Fault.BLUR: FaultSetting(False), Fault.NOISE: FaultSetting(True, 8)},
)
YARD = Camera("yard", "rtsp://10.0.0.8/main")
LATER = START + timedelta(minutes=5)


def test_a_camera_is_read_back_as_it_was_put(stores: PortStores) -> None:
    stores.streams.put_camera(GATE, by="ann", at=START)
    assert stores.streams.camera("gate") == GATE
    assert stores.streams.cameras() == [GATE]


def test_an_unknown_camera_is_none(stores: PortStores) -> None:
    assert stores.streams.camera("gate") is None
    assert stores.streams.cameras() == []


def test_cameras_come_by_name_and_putting_again_replaces(stores: PortStores) -> None:
    stores.streams.put_camera(YARD, by="ann", at=START)
    stores.streams.put_camera(GATE, by="ann", at=START)
    moved = replace(YARD, site="Airport", faults={})
    stores.streams.put_camera(moved, by="bob", at=LATER)
    assert stores.streams.cameras() == [GATE, moved]


def test_a_removed_camera_is_gone_and_removing_it_again_says_so(stores: PortStores) -> None:
    stores.streams.put_camera(GATE, by="ann", at=START)
    assert stores.streams.remove_camera("gate", by="ann", at=LATER)
    assert stores.streams.camera("gate") is None
    assert not stores.streams.remove_camera("gate", by="ann", at=LATER)


def test_accepting_a_view_says_who_and_when(stores: PortStores) -> None:
    stores.streams.put_camera(GATE, by="ann", at=START)
    assert stores.streams.accept_view("gate", by="bob", at=LATER)
    assert stores.streams.camera("gate") == replace(GATE, accepted_at=LATER, accepted_by="bob")
    assert not stores.streams.accept_view("nowhere", by="bob", at=LATER)


def test_every_change_of_a_camera_raises_the_revision(stores: PortStores) -> None:
    seen = [stores.streams.revision()]
    stores.streams.put_camera(GATE, by="ann", at=START)
    seen.append(stores.streams.revision())
    stores.streams.accept_view("gate", by="ann", at=START)
    seen.append(stores.streams.revision())
    stores.streams.remove_camera("gate", by="ann", at=START)
    seen.append(stores.streams.revision())
    assert all(later > earlier for earlier, later in itertools.pairwise(seen))


def test_what_changes_nothing_keeps_the_revision(stores: PortStores) -> None:
    before = stores.streams.revision()
    stores.streams.remove_camera("nowhere", by="ann", at=START)
    stores.streams.accept_view("nowhere", by="ann", at=START)
    stores.streams.cameras()
    assert stores.streams.revision() == before
    assert stores.streams.audit() == []


def test_the_audit_names_who_did_what_latest_first_and_no_password(stores: PortStores) -> None:
    stores.streams.put_camera(GATE, by="ann", at=START)
    stores.streams.accept_view("gate", by="bob", at=LATER)
    stores.streams.remove_camera("gate", by="cat", at=LATER)
    audit = stores.streams.audit()
    assert [(line.by, line.action, line.subject) for line in audit] == [
        ("cat", "remove camera", "gate"),
        ("bob", "accept view", "gate"),
        ("ann", "put camera", "gate"),
    ]
    assert audit[-1].at == START
    assert audit[-1].detail == "rtsp://***@10.0.0.7:554/main"
    assert stores.streams.audit(limit=1) == audit[:1]


def test_a_camera_is_added_once(stores: PortStores) -> None:
    assert stores.streams.add_camera(YARD, by="ann", at=START)
    assert not stores.streams.add_camera(replace(YARD, site="Airport"), by="bob", at=LATER)
    assert stores.streams.camera("yard") == YARD
    assert len(stores.streams.audit()) == 1


def test_an_edit_is_audited_with_what_was_before_and_after(stores: PortStores) -> None:
    stores.streams.put_camera(GATE, by="ann", at=START)
    edited = stores.streams.edit_camera(
        "gate", lambda known: replace(known, site="Airport", masks=(), ptz=False), by="bob", at=LATER
    )
    assert edited == stores.streams.camera("gate") == replace(GATE, site="Airport", masks=(), ptz=False)
    line = stores.streams.audit()[0]
    assert (line.by, line.action, line.subject) == ("bob", "edit camera", "gate")
    masks = "masks: [[0, 0, 0.25, 0.1], [0.5, 0.5, 0.5, 0.5]] → []"
    assert line.detail == f"site: 'Harbour' → 'Airport'; ptz: yes → no; {masks}"
    assert stores.streams.edit_camera("nowhere", lambda known: known, by="bob", at=LATER) is None


def test_an_edit_that_changes_nothing_is_neither_stored_nor_audited(stores: PortStores) -> None:
    stores.streams.put_camera(GATE, by="ann", at=START)
    before = stores.streams.revision()
    assert stores.streams.edit_camera("gate", lambda known: known, by="bob", at=LATER) == GATE
    assert stores.streams.revision() == before
    assert len(stores.streams.camera_changes("gate")) == 1


def test_every_change_is_kept_with_its_values_and_no_secret(stores: PortStores) -> None:
    stores.streams.put_camera(GATE, by="ann", at=START)
    stores.streams.add_camera(YARD, by="ann", at=START)
    secret = "rtsp://guard:hunter2-new@10.0.0.7:554/main"
    stores.streams.edit_camera("gate", lambda known: replace(known, url=secret), by="bob", at=LATER)
    stores.streams.accept_view("gate", by="bob", at=LATER)
    stores.streams.remove_camera("gate", by="cat", at=LATER)
    changes = stores.streams.camera_changes("gate")
    assert [(each.by, each.action) for each in changes] == [
        ("cat", "remove camera"),
        ("bob", "accept view"),
        ("bob", "edit camera"),
        ("ann", "put camera"),
    ]
    assert [(each.before is None, each.after is None) for each in changes] == [
        (False, True), (False, False), (False, False), (True, False),
    ]  # fmt: skip
    assert [each.hidden for each in changes] == [False, False, True, False]
    assert changes[-1].after == values_of(GATE)
    assert "hunter2" not in repr(changes)
    assert stores.streams.camera_change(changes[2].change_id) == changes[2]
    assert stores.streams.camera_change(10**9) is None
    assert len(stores.streams.camera_changes(limit=2)) == 2
    assert len(stores.streams.camera_changes()) == 5


def test_digests_of_the_settings_file_are_remembered(stores: PortStores) -> None:
    assert stores.streams.settings_digests() == {}
    stores.streams.note_settings("gate", "a")
    stores.streams.note_settings("yard", "b")
    stores.streams.note_settings("gate", "c")
    assert stores.streams.settings_digests() == {"gate": "c", "yard": "b"}


def test_a_session_runs_from_its_first_status_to_its_last(stores: PortStores) -> None:
    opened = status("gate", -1, dropped=3, state=ConnectionState.CONNECTING)
    stores.scores.add(BatchResult(statuses=(opened, status("gate", 4, dropped=3))))
    stores.scores.add(BatchResult(statuses=(status("gate", 9, dropped=5, state=ConnectionState.LOST),)))
    (session,) = stores.streams.sessions("gate")
    assert (session.stream_id, session.session_id) == ("gate", "s1")
    assert session.started_at == opened.received_at
    assert session.last_seen_at == status("gate", 9).received_at
    assert (session.state, session.reason) == (ConnectionState.LOST, "as expected")
    assert session.frames_offered == 10
    assert session.frames_dropped == 2


def test_an_old_status_stored_again_changes_nothing(stores: PortStores) -> None:
    first = BatchResult(statuses=(status("gate", 2, dropped=1),))
    stores.scores.add(first)
    stores.scores.add(BatchResult(statuses=(status("gate", 8, dropped=1),)))
    before = stores.streams.sessions("gate")
    stores.scores.add(first)
    assert stores.streams.sessions("gate") == before


def test_sessions_come_latest_first(stores: PortStores) -> None:
    stores.scores.add(BatchResult(statuses=tuple(status("gate", each, session_id=f"s{each}") for each in range(4))))
    stores.scores.add(BatchResult(statuses=(status("yard", 9, session_id="other"),)))
    assert [session.session_id for session in stores.streams.sessions("gate", limit=3)] == ["s3", "s2", "s1"]


def test_of_two_who_edit_what_both_read_the_second_is_refused_with_who_was_first(stores: PortStores) -> None:
    stores.streams.put_camera(GATE, by="ann", at=START)
    seen = stores.streams.camera_changes("gate", limit=1)[0].change_id
    stores.streams.edit_camera("gate", lambda now: replace(now, site="s1"), by="bob", at=LATER, last_change=seen)
    with pytest.raises(CameraChangedMeanwhile, match=r"^bob changed this camera"):
        stores.streams.edit_camera("gate", lambda now: replace(now, site="s2"), by="eve", at=LATER, last_change=seen)
    camera = stores.streams.camera("gate")
    assert camera is not None
    assert camera.site == "s1"


def test_of_many_who_edit_at_once_what_all_read_one_is_first(stores: PortStores) -> None:
    stores.streams.put_camera(GATE, by="ann", at=START)
    seen = stores.streams.camera_changes("gate", limit=1)[0].change_id

    def edit(site: str) -> bool:
        try:
            stores.streams.edit_camera("gate", lambda now: replace(now, site=site), by=site, at=LATER, last_change=seen)
        except CameraChangedMeanwhile:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(edit, [f"s{number}" for number in range(6)])) == 1
