"""What every live state promises: the newest, and unknown when it expired."""

from domain.baselines import LightMode
from domain.faults import Fault, Verdict, VerdictState
from domain.messages import StreamSnapshot
from tests.contract.conftest import Live
from tests.contract.records import EVIDENCE, alert, frame, incident, status
from tests.fakes.ports import START

GATE = StreamSnapshot(
    stream_id="gate",
    at=START,
    status=status(),
    mode=LightMode.NIGHT,
    settling=True,
    verdicts=(Verdict(Fault.BLUR, VerdictState.FAULT, "soft edges", EVIDENCE),),
    values={"sharpness": 0.125},
    alerts=(alert(),),
    incident=incident(),
)
YARD = StreamSnapshot("yard", START)


def test_a_snapshot_is_read_back_as_it_was_put(live: Live) -> None:
    live.state.put(GATE)
    assert live.state.get("gate") == GATE
    assert live.state.get("yard") is None


def test_all_holds_the_newest_of_each_stream(live: Live) -> None:
    live.state.put(StreamSnapshot("gate", START))
    live.state.put(YARD)
    live.state.put(GATE)
    assert live.state.all() == {"gate": GATE, "yard": YARD}


def test_what_expired_is_unknown(live: Live) -> None:
    live.state.put(GATE)
    live.state.put_picture(frame())
    live.expire()
    assert live.state.get("gate") is None
    assert live.state.all() == {}
    assert live.state.picture("gate") is None


def test_what_is_put_again_lives_on(live: Live) -> None:
    live.state.put(GATE)
    live.expire()
    live.state.put(GATE)
    assert live.state.get("gate") == GATE


def test_a_removed_stream_is_gone_with_its_picture(live: Live) -> None:
    live.state.put(GATE)
    live.state.put_picture(frame())
    live.state.put(YARD)
    live.state.remove("gate")
    live.state.remove("never there")
    assert live.state.all() == {"yard": YARD}
    assert live.state.picture("gate") is None


def test_the_picture_of_now_is_the_newest_to_the_last_sample(live: Live) -> None:
    live.state.put_picture(frame("gate", 1))
    live.state.put_picture(frame("gate", 2))
    found = live.state.picture("gate")
    assert found is not None
    assert found.ref == frame("gate", 2).ref
    assert [plane.tolist() for plane in found.planes] == [plane.tolist() for plane in frame("gate", 2).planes]
    assert live.state.picture("yard") is None


def test_models_are_those_of_any_worker_and_unknown_while_none_is_heard(live: Live) -> None:
    assert live.state.announced_models() is None
    live.state.announce_models(())
    assert live.state.announced_models() == frozenset()
    live.state.announce_models(("brisque", "mtcnn"))
    live.state.announce_models(("mtcnn",))
    assert live.state.announced_models() == frozenset({"brisque", "mtcnn"})


def test_who_looks_at_a_camera_wants_its_pictures_for_a_while(live: Live) -> None:
    assert live.state.wanted_pictures() == frozenset()
    live.state.want_picture("gate")
    live.state.want_picture("yard")
    live.state.want_picture("gate")
    assert live.state.wanted_pictures() == {"gate", "yard"}
