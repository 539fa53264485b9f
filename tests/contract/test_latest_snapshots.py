"""What every store promises of the last that is known of a stream, for readers whose live state is unavailable."""

from dataclasses import replace
from datetime import timedelta

from domain.alerts import AlertState, IncidentState
from domain.cameras import ConnectionState
from domain.faults import Fault, Verdict, VerdictState
from domain.messages import BatchResult, VerdictChange
from tests.contract.conftest import PortStores
from tests.contract.records import EVIDENCE, alert, incident, scores, status
from tests.fakes.ports import START


def make_change(fault: Fault, state: VerdictState, *, at_s: float, stream_id: str = "gate") -> VerdictChange:
    verdict = Verdict(fault, state, "why", EVIDENCE)
    return VerdictChange(stream_id, verdict, START + timedelta(seconds=at_s))


def test_the_last_scores_verdicts_alerts_incident_and_status_come_together(stores: PortStores) -> None:
    stores.scores.add(
        BatchResult(
            scores=(scores("gate", 1, sharpness=0.25), scores("gate", 2, sharpness=0.75)),
            statuses=(status("gate", 2, state=ConnectionState.LIVE),),
            verdicts=(
                make_change(Fault.BLUR, VerdictState.OK, at_s=1),
                make_change(Fault.BLUR, VerdictState.FAULT, at_s=2),
                make_change(Fault.BLACK, VerdictState.OK, at_s=1),
            ),
            alerts=(alert(),),
            incidents=(incident(),),
        )
    )
    (name,), (found,) = zip(*stores.scores.latest(["gate", "never heard of"]).items(), strict=True)
    assert (name, found.stream_id, found.at) == ("gate", "gate", status("gate", 2).received_at)
    assert found.values == {"sharpness": 0.75}
    assert {each.fault: each.state for each in found.verdicts} == {
        Fault.BLACK: VerdictState.OK,
        Fault.BLUR: VerdictState.FAULT,
    }
    assert found.verdicts[-1].evidence == EVIDENCE
    assert found.alerts == (alert(),)
    assert found.incident == incident()
    assert found.status is not None
    assert (found.status.state, found.status.sequence) == (ConnectionState.LIVE, 2)
    assert found.status.last_frame_at == scores("gate", 2).ref.received_at


def test_what_is_over_is_not_announced(stores: PortStores) -> None:
    over = incident(state=IncidentState.RESOLVED, resolved_at=START)
    stores.scores.add(
        BatchResult(
            statuses=(status("gate", 1),),
            incidents=(over,),
            alerts=(replace(alert(), state=AlertState.RESOLVED),),
        )
    )
    found = stores.scores.latest(["gate"])["gate"]
    assert (found.incident, found.alerts, found.values, found.verdicts) == (None, (), {}, ())


def test_of_several_sessions_the_one_heard_last_counts(stores: PortStores) -> None:
    old = status("gate", 3, session_id="z", state=ConnectionState.LIVE)
    new = status("gate", 5, session_id="a", state=ConnectionState.LOST)
    stores.scores.add(BatchResult(statuses=(old, new)))
    found = stores.scores.latest(["gate"])["gate"].status
    assert found is not None
    assert (found.session_id, found.state) == ("a", ConnectionState.LOST)


def test_streams_are_distinguished_and_those_not_asked_for_are_left_out(stores: PortStores) -> None:
    for name in ("gate", "yard", "dock"):
        stores.scores.add(BatchResult(scores=(scores(name, len(name) + ord(name[0])),)))
    found = stores.scores.latest(["yard", "gate"])
    assert {name: snapshot.at for name, snapshot in found.items()} == {
        name: scores(name, 4 + ord(name[0])).ref.received_at for name in ("gate", "yard")
    }
    assert stores.scores.latest([]) == {}
