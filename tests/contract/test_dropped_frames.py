"""What every store promises of frames dropped unscored: each counts once, and what was stored counts as stored."""

from datetime import timedelta

from domain.messages import BatchResult
from tests.contract.conftest import PortStores
from tests.contract.records import scores, status
from tests.fakes.ports import START

UNTIL = START + timedelta(days=1)


def count_frames(stores: PortStores) -> tuple[int, int, int]:
    """Return offered, stored, dropped of the one session."""
    (session,) = stores.streams.sessions("gate")
    return session.frames_offered, len(stores.scores.frames("gate", START, UNTIL)), session.frames_dropped


def test_offered_is_stored_and_dropped_whoever_dropped(stores: PortStores) -> None:
    frames = [scores("gate", each) for each in range(10)]
    stores.scores.add(BatchResult(statuses=(status("gate", -1, dropped=5),)))
    unit = BatchResult(
        scores=tuple(frames[5:8]),
        dropped=tuple(each.ref for each in frames[:5]),
        statuses=(status("gate", 9, dropped=7),),
    )
    stores.scores.add(unit)
    assert count_frames(stores) == (10, 3, 7)


def test_a_unit_delivered_again_counts_its_drops_once(stores: PortStores) -> None:
    unit = BatchResult(dropped=tuple(scores("gate", each).ref for each in range(4)), statuses=(status("gate", 3),))
    stores.scores.add(unit)
    stores.scores.add(unit)
    assert count_frames(stores) == (4, 0, 4)


def test_a_frame_both_stored_and_dropped_counts_as_stored(stores: PortStores) -> None:
    first, second = scores("gate", 0), scores("gate", 1)
    stores.scores.add(BatchResult(scores=(first,), dropped=(second.ref,), statuses=(status("gate", 1),)))
    stores.scores.add(BatchResult(scores=(second,), dropped=(first.ref,)))
    assert count_frames(stores) == (2, 2, 0)


def test_drops_of_other_streams_and_sessions_are_not_counted(stores: PortStores) -> None:
    stores.scores.add(BatchResult(dropped=(scores("yard", 0).ref,), statuses=(status("gate", 0),)))
    stores.scores.add(BatchResult(dropped=(scores("gate", 0).ref,), statuses=(status("gate", 0, session_id="s2"),)))
    assert {session.session_id: session.frames_dropped for session in stores.streams.sessions("gate")} == {
        "s1": 1,
        "s2": 0,
    }
