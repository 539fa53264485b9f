"""What every store promises of frames dropped unscored: each counts once, and what was stored counts as stored."""

from datetime import timedelta

from domain.units import JudgedUnit
from tests.contract.conftest import Stores
from tests.contract.records import scores, status
from tests.fakes import START

UNTIL = START + timedelta(days=1)


def ledger(stores: Stores) -> tuple[int, int, int]:
    """Return offered, stored, dropped of the one session."""
    (session,) = stores.streams.sessions("gate")
    return session.frames_offered, len(stores.scores.frames("gate", START, UNTIL)), session.frames_dropped


def test_offered_is_stored_and_dropped_whoever_dropped(stores: Stores) -> None:
    frames = [scores("gate", each) for each in range(10)]
    stores.scores.add(JudgedUnit(statuses=(status("gate", -1, dropped=5),)))
    unit = JudgedUnit(
        scores=tuple(frames[5:8]),
        dropped=tuple(each.ref for each in frames[:5]),
        statuses=(status("gate", 9, dropped=7),),
    )
    stores.scores.add(unit)
    assert ledger(stores) == (10, 3, 7)


def test_a_unit_delivered_again_counts_its_drops_once(stores: Stores) -> None:
    unit = JudgedUnit(dropped=tuple(scores("gate", each).ref for each in range(4)), statuses=(status("gate", 3),))
    stores.scores.add(unit)
    stores.scores.add(unit)
    assert ledger(stores) == (4, 0, 4)


def test_a_frame_both_stored_and_dropped_counts_as_stored(stores: Stores) -> None:
    first, second = scores("gate", 0), scores("gate", 1)
    stores.scores.add(JudgedUnit(scores=(first,), dropped=(second.ref,), statuses=(status("gate", 1),)))
    stores.scores.add(JudgedUnit(scores=(second,), dropped=(first.ref,)))
    assert ledger(stores) == (2, 2, 0)


def test_drops_of_other_streams_and_sessions_are_not_counted(stores: Stores) -> None:
    stores.scores.add(JudgedUnit(dropped=(scores("yard", 0).ref,), statuses=(status("gate", 0),)))
    stores.scores.add(JudgedUnit(dropped=(scores("gate", 0).ref,), statuses=(status("gate", 0, session_id="s2"),)))
    assert {session.session_id: session.frames_dropped for session in stores.streams.sessions("gate")} == {
        "s1": 1,
        "s2": 0,
    }
