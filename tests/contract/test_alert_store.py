"""What every store of alerts promises to the evaluator after a restart, to the dispatcher and to people."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from domain.alerts import (
    AlarmAnswer,
    AlertState,
    AnswerCount,
    Incident,
    IncidentAction,
    IncidentFilter,
    IncidentLogEntry,
    IncidentState,
)
from domain.baselines import BaselinePart, BaselineState, PartBaseline
from domain.faults import Fault
from domain.messages import BatchResult
from tests.contract.conftest import PortStores
from tests.contract.records import alert, baseline, entry, incident, transition
from tests.fakes.ports import START

LATER = START + timedelta(minutes=10)


def store(stores: PortStores, *incidents: Incident) -> None:
    stores.scores.add(BatchResult(incidents=incidents))


def test_alerts_are_those_of_one_stream_or_of_all(stores: PortStores) -> None:
    yard = replace(alert(), stream_id="yard")
    stores.scores.add(BatchResult(alerts=(yard, alert())))
    assert stores.alerts.alerts("gate") == [alert()]
    assert stores.alerts.alerts() == [alert(), yard]


def test_a_reference_keeps_its_structure_bit_for_bit_and_its_open_ranges(stores: PortStores) -> None:
    stores.scores.add(BatchResult(baselines=(baseline(),)))
    (found,) = stores.alerts.baselines("gate")
    assert found == baseline()
    assert found.statistics["edge_width"].high == float("inf")
    assert found.structure is not None
    sent = baseline().structure
    assert sent is not None
    assert found.structure.dtype == np.float32
    assert found.structure.shape == sent.shape
    assert found.structure.tobytes() == sent.tobytes()


def test_a_reference_keeps_how_far_each_of_its_parts_has_come(stores: PortStores) -> None:
    learned = PartBaseline(BaselineState.LEARNED, START, LATER, 900)
    refused = PartBaseline(BaselineState.REFUSED, START, LATER, 900, "blocky picture in 700 of 900 frames")
    parts = {BaselinePart.VIEW: learned, BaselinePart.CODING: refused}
    stores.scores.add(BatchResult(baselines=(replace(baseline(), parts=parts),)))
    (found,) = stores.alerts.baselines("gate")
    assert found.parts == parts
    assert found.state_of(BaselinePart.CODING) is BaselineState.REFUSED
    assert found.state_of(BaselinePart.NOISE) is BaselineState.LEARNING


def test_an_incident_is_read_back_as_stored(stores: PortStores) -> None:
    group = incident("switch 4/1", members=("gate", "yard"), recovered=("dock",), severity="critical")
    store(stores, incident(), group)
    assert stores.alerts.incident("gate/blur/1") == incident()
    assert stores.alerts.incident("switch 4/1") == group
    assert stores.alerts.incident("nothing") is None


def test_incidents_come_newest_first_filtered_and_paged(stores: PortStores) -> None:
    solved = IncidentState.RESOLVED
    store(
        stores,
        incident("a", opened_s=0, state=solved),
        incident("b", opened_s=10),
        incident("c", opened_s=20, stream_id="yard"),
    )

    def found(**asked: object) -> list[str]:
        return [each.incident_id for each in stores.alerts.incidents(**asked)]  # type: ignore[arg-type]

    assert found() == ["c", "b", "a"]
    assert found(limit=1) == ["c"]
    assert found(before=START + timedelta(seconds=20)) == ["b", "a"]
    assert found(state=IncidentState.OPEN) == ["c", "b"]
    assert found(stream_id="gate") == ["b", "a"]


def test_transitions_come_latest_first(stores: PortStores) -> None:
    steps = (transition(0, AlertState.PENDING), transition(5), transition(9, AlertState.RESOLVED))
    stores.scores.add(BatchResult(transitions=steps))
    assert tuple(stores.alerts.transitions("gate")) == steps[::-1]
    assert stores.alerts.transitions("gate", limit=1) == [steps[2]]
    assert stores.alerts.transitions("yard") == []


def test_transitions_of_one_moment_come_by_fault(stores: PortStores) -> None:
    steps = tuple(replace(transition(5), fault=fault) for fault in (Fault.SHAKE, Fault.BLUR, Fault.NOISE))
    stores.scores.add(BatchResult(transitions=steps))
    assert [step.fault for step in stores.alerts.transitions("gate")] == [Fault.BLUR, Fault.NOISE, Fault.SHAKE]


def test_a_transition_sent_twice_is_one(stores: PortStores) -> None:
    other = replace(transition(5), fault=Fault.NOISE)
    stores.scores.add(BatchResult(transitions=(transition(5), transition(5), other)))
    assert len(stores.alerts.transitions("gate")) == 2


def test_an_acknowledgement_names_who_and_why_is_audited_and_outlives_updates(stores: PortStores) -> None:
    store(stores, incident())
    assert stores.alerts.acknowledge("gate/blur/1", by="ann", reason="on my way", at=LATER)
    store(stores, incident(updated_at=LATER + timedelta(minutes=1), summary="still out of focus"))
    found = stores.alerts.incident("gate/blur/1")
    assert found is not None
    assert (found.acknowledged_by, found.acknowledged_at, found.acknowledge_reason) == ("ann", LATER, "on my way")
    assert found.summary == "still out of focus"
    (line,) = stores.streams.audit()
    assert (line.by, line.action, line.subject, line.detail) == (
        "ann",
        "acknowledge incident",
        "gate/blur/1",
        "on my way",
    )


def test_a_second_acknowledgement_never_overwrites_the_first(stores: PortStores) -> None:
    store(stores, incident())
    stores.alerts.acknowledge("gate/blur/1", by="ann", reason="on my way", at=LATER)
    second = stores.alerts.acknowledge("gate/blur/1", by="bob", reason="mine", at=LATER + timedelta(minutes=1))
    assert second is not None
    assert (second.acknowledged_by, second.acknowledged_at, second.acknowledge_reason) == ("ann", LATER, "on my way")
    again = stores.alerts.acknowledge("gate/blur/1", by="ann", reason="there now", at=LATER + timedelta(minutes=2))
    assert again is not None
    assert (again.acknowledged_at, again.acknowledge_reason) == (LATER, "on my way")
    lines = [(line.by, line.note) for line in stores.alerts.incident_log("gate/blur/1")]
    assert lines == [("ann", "on my way"), ("ann", "there now")]


def test_what_people_do_about_an_incident_is_a_log_in_order_and_outlives_updates(stores: PortStores) -> None:
    store(stores, incident(), incident("other"))
    steps = [
        IncidentLogEntry("gate/blur/1", LATER, "ann", IncidentAction.ASSIGN, "bob", "your site"),
        IncidentLogEntry("gate/blur/1", LATER, "bob", IncidentAction.COMMENT, "", "cleaned the dome"),
        IncidentLogEntry("gate/blur/1", LATER, "bob", IncidentAction.ANSWER, AlarmAnswer.WRONG, ""),
        IncidentLogEntry("gate/blur/1", LATER, "ann", IncidentAction.ANSWER, AlarmAnswer.RIGHT, "there was a web"),
        IncidentLogEntry("gate/blur/1", LATER, "ann", IncidentAction.ASSIGN, "", ""),
    ]
    for step in steps[:4]:
        assert stores.alerts.record_work(step)
    store(stores, incident(updated_at=LATER + timedelta(minutes=1), summary="still out of focus"))
    found = stores.alerts.incident("gate/blur/1")
    assert found is not None
    assert (found.assigned_to, found.answer, found.answered_by) == ("bob", AlarmAnswer.RIGHT, "ann")
    assert (found.answered_at, found.summary) == (LATER, "still out of focus")
    assert stores.alerts.record_work(steps[4])
    after = stores.alerts.incident("gate/blur/1")
    assert after is not None
    assert after.assigned_to == ""
    assert stores.alerts.incident_log("gate/blur/1") == steps
    assert stores.alerts.incident_log("other") == []
    last = stores.streams.audit()[1]
    assert (last.by, last.action, last.detail) == ("ann", "answer incident", "right: there was a web")


def test_work_on_what_does_not_exist_is_not_logged(stores: PortStores) -> None:
    step = IncidentLogEntry("nothing", LATER, "ann", IncidentAction.COMMENT, "", "hm")
    assert not stores.alerts.record_work(step)
    assert stores.alerts.incident_log("nothing") == []
    assert stores.streams.audit() == []


def test_incidents_are_found_by_everything_a_person_asks_for(stores: PortStores) -> None:
    noise = incident("b", opened_s=10, headline=Fault.NOISE, site="Airport", severity="critical", stream_id="yard")
    store(stores, incident("a"), noise, incident("c", opened_s=20, state=IncidentState.RESOLVED))
    stores.alerts.record_work(IncidentLogEntry("a", LATER, "ann", IncidentAction.ASSIGN, "bob"))
    stores.alerts.record_work(IncidentLogEntry("c", LATER, "ann", IncidentAction.ANSWER, AlarmAnswer.WRONG))

    def found(**asked: object) -> list[str]:
        return [each.incident_id for each in stores.alerts.incidents(filters=IncidentFilter(**asked))]  # type: ignore[arg-type]

    assert found() == ["c", "b", "a"]
    assert found(fault=Fault.NOISE) == ["b"]
    assert found(site="Airport") == ["b"]
    assert found(severity="warning") == ["c", "a"]
    assert found(stream_id="yard") == ["b"]
    assert found(state=IncidentState.RESOLVED) == ["c"]
    assert found(assigned_to="bob") == ["a"]
    assert found(answer=AlarmAnswer.WRONG) == ["c"]
    assert found(answered=False) == ["b", "a"]
    assert found(answered=True) == ["c"]
    seconds = timedelta(seconds=1)
    assert found(since=START + 10 * seconds, until=START + 20 * seconds) == ["b"]
    assert found(fault=Fault.NOISE, site="Harbour") == []


def test_answers_are_counted_by_camera_and_fault(stores: PortStores) -> None:
    ids = ("a", "b", "c", "d")
    noise = incident("e", headline=Fault.NOISE, site="Airport")
    store(stores, *(incident(each) for each in ids), noise, incident("f", stream_id="yard"))
    for each in ids[:3]:
        answer = AlarmAnswer.WRONG if each != "c" else AlarmAnswer.RIGHT
        stores.alerts.record_work(IncidentLogEntry(each, LATER, "ann", IncidentAction.ANSWER, answer))
    assert set(stores.alerts.count_answers(IncidentFilter())) == {
        AnswerCount("gate", Fault.BLUR, AlarmAnswer.WRONG, 2),
        AnswerCount("gate", Fault.BLUR, AlarmAnswer.RIGHT, 1),
        AnswerCount("", Fault.BLUR, None, 2),
        AnswerCount("", Fault.NOISE, None, 1),
    }
    assert stores.alerts.count_answers(IncidentFilter(site="Airport")) == [AnswerCount("", Fault.NOISE, None, 1)]


def test_what_does_not_exist_cannot_be_acknowledged(stores: PortStores) -> None:
    assert not stores.alerts.acknowledge("nothing", by="ann", reason="", at=LATER)
    assert stores.streams.audit() == []


def test_entries_are_due_oldest_first_until_delivered(stores: PortStores) -> None:
    stores.scores.add(BatchResult(outbox=(entry("b", created_s=5), entry("a", created_s=1), entry("c", created_s=9))))
    assert [each.key for each in stores.alerts.due(LATER)] == ["a", "b", "c"]
    assert [each.key for each in stores.alerts.due(LATER, limit=2)] == ["a", "b"]
    stores.alerts.mark_delivered(["a", "c"], LATER)
    assert [each.key for each in stores.alerts.due(LATER)] == ["b"]


def test_an_entry_is_read_as_it_was_written(stores: PortStores) -> None:
    stores.scores.add(BatchResult(outbox=(entry(),)))
    assert stores.alerts.due(LATER) == [entry()]


def test_a_delivered_entry_stored_again_is_not_due_again(stores: PortStores) -> None:
    stores.scores.add(BatchResult(outbox=(entry(),)))
    stores.alerts.mark_delivered([entry().key], LATER)
    stores.scores.add(BatchResult(outbox=(entry(),)))
    assert stores.alerts.due(LATER + timedelta(days=1)) == []


def test_a_postponed_entry_waits_and_counts_its_attempts(stores: PortStores) -> None:
    stores.scores.add(BatchResult(outbox=(entry(),)))
    stores.alerts.postpone([entry().key], LATER, "the receiver is unavailable")
    assert stores.alerts.due(LATER - timedelta(seconds=1)) == []
    assert stores.alerts.due(LATER) == [replace(entry(), attempts=1, next_attempt_at=LATER)]


def test_a_group_incident_absorbs_its_members_entries(stores: PortStores) -> None:
    stores.scores.add(BatchResult(outbox=(entry("gate"), entry("yard"), entry("alone"))))
    group = incident("switch 4/1", members=("gate", "yard"), updated_at=LATER)
    stores.alerts.put_group(group, [entry("group", created_s=30)], ["gate", "yard"])
    assert [each.key for each in stores.alerts.due(LATER)] == ["alone", "group"]
    assert stores.alerts.incident("switch 4/1") == group


def test_no_keys_change_nothing(stores: PortStores) -> None:
    stores.scores.add(BatchResult(outbox=(entry(),)))
    stores.alerts.mark_delivered([], LATER)
    stores.alerts.postpone([], LATER, "none")
    assert stores.alerts.due(LATER) == [entry()]
