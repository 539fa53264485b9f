"""What every giver of leases promises: one holder, and a token that rises with every change of holder."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from domain.messages import BatchResult
from domain.ports import CameraLeases
from storage.sql.camera_leases import SqlCameraLeases
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.contract.records import scores, status
from tests.fakes.leases import FakeCameraLeases
from tests.fakes.ports import START

SOON = START + timedelta(seconds=10)
TOO_LATE = START + timedelta(seconds=31)


@pytest.fixture(params=["sqlite", "postgres", "fake"])
def leases(request: pytest.FixtureRequest) -> CameraLeases:
    if request.param == "fake":
        return FakeCameraLeases()
    return SqlCameraLeases(request.getfixturevalue("new_database")(request.param))


def test_a_free_camera_is_given_and_a_held_one_is_not(leases: CameraLeases) -> None:
    assert leases.acquire("gate", "north", now=START, ttl_s=30) == 1
    assert leases.acquire("gate", "south", now=SOON, ttl_s=30) is None
    assert leases.acquire("yard", "south", now=SOON, ttl_s=30) == 1


def test_keeping_a_camera_keeps_its_token_and_prolongs_the_lease(leases: CameraLeases) -> None:
    assert leases.acquire("gate", "north", now=START, ttl_s=30) == 1
    assert leases.acquire("gate", "north", now=SOON, ttl_s=30) == 1
    assert leases.acquire("gate", "south", now=TOO_LATE, ttl_s=30) is None


def test_a_camera_whose_holder_fell_silent_goes_to_another_with_a_higher_token(leases: CameraLeases) -> None:
    assert leases.acquire("gate", "north", now=START, ttl_s=30) == 1
    assert leases.acquire("gate", "south", now=TOO_LATE, ttl_s=30) == 2
    assert leases.acquire("gate", "north", now=TOO_LATE, ttl_s=30) is None


def test_a_holder_that_comes_back_late_keeps_its_token_while_nobody_took_the_camera(leases: CameraLeases) -> None:
    assert leases.acquire("gate", "north", now=START, ttl_s=30) == 1
    assert leases.acquire("gate", "north", now=TOO_LATE, ttl_s=30) == 1
    assert leases.fences(["gate"]) == {"gate": 0}


def test_a_holder_that_was_replaced_meanwhile_starts_again(leases: CameraLeases) -> None:
    assert leases.acquire("gate", "north", now=START, ttl_s=30) == 1
    assert leases.acquire("gate", "south", now=TOO_LATE, ttl_s=30) == 2
    leases.release("gate", "south")
    assert leases.acquire("gate", "north", now=TOO_LATE, ttl_s=30) == 3
    assert leases.fences(["gate", "nowhere"]) == {"gate": 2}


def test_the_token_of_one_who_gave_the_camera_back_still_counts(leases: CameraLeases) -> None:
    assert leases.acquire("gate", "north", now=START, ttl_s=30) == 1
    leases.release("gate", "north")
    assert leases.acquire("gate", "north again", now=START, ttl_s=30) == 2
    assert leases.fences(["gate"]) == {"gate": 0}


def test_the_token_of_one_who_fell_silent_counts_no_more(leases: CameraLeases) -> None:
    assert leases.acquire("gate", "north", now=START, ttl_s=30) == 1
    assert leases.acquire("gate", "south", now=TOO_LATE, ttl_s=30) == 2
    assert leases.fences(["gate"]) == {"gate": 2}
    assert leases.fences([]) == {}


def test_a_camera_given_back_is_free_at_once_and_its_token_still_rises(leases: CameraLeases) -> None:
    assert leases.acquire("gate", "north", now=START, ttl_s=30) == 1
    leases.release("gate", "north")
    assert leases.acquire("gate", "south", now=START, ttl_s=30) == 2


def test_only_the_holder_can_give_a_camera_back(leases: CameraLeases) -> None:
    assert leases.acquire("gate", "north", now=START, ttl_s=30) == 1
    leases.release("gate", "south")
    leases.release("nowhere", "south")
    assert leases.acquire("gate", "south", now=SOON, ttl_s=30) is None


def test_of_many_that_ask_at_once_one_gets_the_camera(database: Engine) -> None:
    leases = SqlCameraLeases(database)
    with ThreadPoolExecutor(8) as askers:
        tokens = list(askers.map(lambda n: leases.acquire("gate", f"ingest {n}", now=START, ttl_s=30), range(8)))
    assert sorted(tokens, key=str) == [1, *[None] * 7]


def test_what_an_overtaken_ingest_process_read_is_refused_with_the_reason(database: Engine) -> None:
    leases, store = SqlCameraLeases(database), SqlScoreStore(database)
    old = leases.acquire("gate", "north", now=START, ttl_s=30)
    new = leases.acquire("gate", "south", now=TOO_LATE, ttl_s=30)
    assert old is not None
    assert new is not None
    late, fresh = scores("gate", 1), scores("gate", 2)
    late, fresh = (replace(each, ref=replace(each.ref, token=token)) for each, token in ((late, old), (fresh, new)))
    statuses = (replace(status("gate", 1), token=old), replace(status("yard", 1), token=0))
    refused = store.add(BatchResult(scores=(late, fresh), statuses=statuses))
    assert [row.ref.sequence for row in store.frames("gate", START, TOO_LATE)] == [2]
    (letter,) = store.dead_letters()
    assert refused == (letter,)
    assert letter.sequence == 1
    assert "no longer holds the camera" in letter.reason
    assert SqlStreamStore(database).sessions("gate") == []
    assert len(SqlStreamStore(database).sessions("yard")) == 1


def test_what_waits_is_stored_after_its_ingest_process_was_restarted_in_order(database: Engine) -> None:
    leases, store = SqlCameraLeases(database), SqlScoreStore(database)
    before = leases.acquire("gate", "north", now=START, ttl_s=30)
    leases.release("gate", "north")
    leases.acquire("gate", "north again", now=SOON, ttl_s=30)
    assert before is not None
    waiting = scores("gate", 1)
    assert store.add(BatchResult(scores=(replace(waiting, ref=replace(waiting.ref, token=before)),))) == ()
    assert [row.ref.sequence for row in store.frames("gate", START, TOO_LATE)] == [1]
