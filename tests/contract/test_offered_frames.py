"""No session ever has more frames stored than offered, however its process ended."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from domain.messages import BatchResult
from storage.sql.database.engine import write_transaction
from storage.sql.schema import tables
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.contract.records import scores, status
from tests.fakes.ports import START


def count_offered(database: Engine) -> dict[str, int]:
    return {each.session_id: each.frames_offered for each in SqlStreamStore(database).sessions("gate")}


def test_frames_after_the_last_status_count_as_offered(database: Engine) -> None:
    store = SqlScoreStore(database)
    store.add(BatchResult(scores=(scores("gate", 0), scores("gate", 1)), statuses=(status("gate", 1),)))
    store.add(BatchResult(scores=(scores("gate", 2), scores("gate", 4))))

    assert count_offered(database) == {"s1": 5}


def test_dropped_frames_after_the_last_status_count_too(database: Engine) -> None:
    store = SqlScoreStore(database)
    store.add(BatchResult(statuses=(status("gate", 1),)))
    store.add(BatchResult(dropped=(scores("gate", 6).ref,)))

    assert count_offered(database) == {"s1": 7}


@pytest.mark.parametrize("late", [False, True])
def test_neither_a_later_status_nor_an_old_unit_takes_them_back(database: Engine, late: bool) -> None:
    store = SqlScoreStore(database)
    first = BatchResult(scores=(scores("gate", 0),), statuses=(status("gate", 0),))
    units = [first, BatchResult(scores=(scores("gate", 9),)), BatchResult(statuses=(status("gate", 5),))]
    for unit in [*units, *(units if late else [])]:
        store.add(unit)

    assert count_offered(database) == {"s1": 10}


def test_a_status_says_more_than_the_frames_that_came(database: Engine) -> None:
    SqlScoreStore(database).add(BatchResult(scores=(scores("gate", 0),), statuses=(status("gate", 8),)))

    assert count_offered(database) == {"s1": 9}


def test_what_an_earlier_version_left_is_repaired_at_the_start_and_nothing_else(database: Engine) -> None:
    store, streams = SqlScoreStore(database), SqlStreamStore(database)
    store.add(BatchResult(scores=(scores("gate", 0), scores("gate", 1), scores("gate", 2)), statuses=(status(),)))
    other = replace(status("gate", 7), session_id="s2", received_at=START + timedelta(days=1))
    store.add(BatchResult(statuses=(other,)))
    with write_transaction(database) as connection:
        connection.execute(update(tables.sessions).where(tables.sessions.c.session_id == "s1").values(frames_offered=1))

    assert streams.repair_offered() == 1
    assert streams.repair_offered() == 0
    assert count_offered(database) == {"s1": 3, "s2": 8}
