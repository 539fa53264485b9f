"""SQLite in trouble: a full disk, a lock that stays, a damaged file. The unit is kept, retried, and nothing is lost."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from domain.errors import ConfigError, StoreUnavailable
from domain.frames import Frame
from domain.messages import Batch, BatchResult
from domain.metrics import FrameScores
from storage.sql.database.engine import open_engine, read_transaction
from storage.sql.database.migrate import current_revision, newest_revision, upgrade_schema
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.contract.records import alert, entry, frame, incident, scores, transition
from tests.fakes.ports import START
from transport.embedded import EmbeddedQueue

FOREVER = START + timedelta(days=3650)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sightline.db"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{path}", busy_timeout_s=0.05)
    upgrade_schema(engine)
    yield engine
    engine.dispose()


class Disk:
    """The room a database file has, in SQLite's pages."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pages = 1 << 30
        event.listen(engine, "connect", self._limit)

    def _limit(self, connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={self._pages}")

    def give(self, pages: int) -> None:
        self._pages = pages
        self._engine.dispose()

    def fill(self) -> None:
        """Leave no page beyond those in use; SQLite raises a smaller limit to that."""
        self.give(1)


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def score_batch(unit: Batch) -> BatchResult:
    """Stand in for a worker: scores as large as a page, so that a full disk is met at once."""
    numbers = {f"metric_{each}": each / 7 for each in range(400)}
    found = [FrameScores(each.message.ref, numbers) for each in unit.deliveries if isinstance(each.message, Frame)]
    return BatchResult(
        scores=tuple(found), alerts=(alert(),), transitions=(transition(),), incidents=(incident(),), outbox=(entry(),)
    )


def test_a_full_disk_keeps_the_unit_and_stores_it_once_there_is_room(engine: Engine) -> None:
    disk, store, queue = Disk(engine), SqlScoreStore(engine), EmbeddedQueue()
    publisher, consumer = queue.publisher(), queue.consumer()
    assert all(publisher.publish(frame("gate", each)) for each in range(30))
    disk.fill()
    refusals: list[str] = []
    while (unit := consumer.poll(10, 0)).deliveries:
        while True:
            try:
                store.add(score_batch(unit))
                break
            except StoreUnavailable as error:
                refusals.append(str(error))
                disk.give(1 << 30)
        consumer.commit(unit)
    assert [reason.split(";")[0] for reason in refusals] == ["the disk is full"]
    assert [row.ref.sequence for row in store.frames("gate", START, FOREVER)] == list(range(30))


def test_a_unit_that_met_a_full_disk_left_no_part_of_itself(engine: Engine) -> None:
    disk, store = Disk(engine), SqlScoreStore(engine)
    store.add(BatchResult(scores=(scores("gate", 0),)))
    queue = EmbeddedQueue()
    assert all(queue.publisher().publish(frame("gate", each)) for each in range(1, 20))
    disk.fill()
    with pytest.raises(StoreUnavailable):
        store.add(score_batch(queue.consumer().poll(20, 0)))
    assert [row.ref.sequence for row in store.frames("gate", START, FOREVER)] == [0]


def test_reading_goes_on_while_the_disk_is_full(engine: Engine) -> None:
    disk = Disk(engine)
    disk.fill()
    assert SqlStreamStore(engine).cameras() == []


def test_a_locked_database_is_said_and_the_unit_stored_when_it_is_free(engine: Engine, path: Path) -> None:
    store = SqlScoreStore(engine)
    unit = BatchResult(scores=(scores("gate", 0),), alerts=(alert(),))
    with lock_file(path), pytest.raises(StoreUnavailable, match="locked by another process"):
        store.add(unit)
    store.add(unit)
    assert len(store.frames("gate", START, FOREVER)) == 1


def test_reading_goes_on_while_another_process_writes(engine: Engine, path: Path) -> None:
    with lock_file(path):
        assert SqlScoreStore(engine).frames("gate", START, FOREVER) == []


def test_a_lock_during_the_upgrade_is_unavailable_not_an_error_of_the_operator(path: Path) -> None:
    engine = open_engine(f"sqlite:///{path}", busy_timeout_s=0.05)
    with lock_file(path), pytest.raises(StoreUnavailable, match="locked"):
        upgrade_schema(engine)
    upgrade_schema(engine)
    assert current_revision(engine) == newest_revision()
    engine.dispose()


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_bytes(b"a photograph, or anything else " * 400)
    engine = open_engine(f"sqlite:///{path}")
    with pytest.raises(ConfigError, match=f"{path.name}.*not a SQLite database"):
        upgrade_schema(engine)
    engine.dispose()


def test_a_damaged_database_is_said_and_no_unit_is_half_stored(engine: Engine, path: Path) -> None:
    store = SqlScoreStore(engine)
    store.add(BatchResult(scores=tuple(scores("gate", each) for each in range(2000))))
    engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = bytearray(path.read_bytes())
    for page in range(4096 * 2, len(whole), 4096):
        whole[page : page + 512] = b"\xa5" * 512
    path.write_bytes(bytes(whole))
    with pytest.raises(StoreUnavailable, match="damaged"):
        store.add(BatchResult(scores=(scores("gate", 5000),)))


def test_a_table_that_is_missing_is_said_and_waited_for(engine: Engine, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE frames")
    connection.close()
    with pytest.raises(StoreUnavailable, match="no such table: frames"):
        SqlScoreStore(engine).frames("gate", START, FOREVER)


def test_a_statement_that_is_wrong_is_a_defect_and_not_hidden_as_unavailable(engine: Engine) -> None:
    with pytest.raises(Exception, match="syntax error") as caught, read_transaction(engine) as connection:
        connection.exec_driver_sql("SELEKT 1")
    assert not isinstance(caught.value, StoreUnavailable)
