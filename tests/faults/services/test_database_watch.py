"""A database that is deleted, replaced, damaged or closed to us while Sightline runs: noticed, said, and healed."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text

from domain.errors import StoreUnavailable
from domain.messages import BatchResult
from storage.sql.database.database_watch import DatabaseWatch
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.contract.conftest import _administer
from tests.contract.records import scores, status
from tests.contract.test_wrong_clocks import DAY
from tests.fakes.ports import START


class WatchedDatabase:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        upgrade_schema(engine)
        self.store, self.streams = SqlScoreStore(engine), SqlStreamStore(engine)
        self.watch = DatabaseWatch(engine)

    def add(self, sequence: int) -> None:
        self.store.add(BatchResult(scores=(scores("gate", sequence),), statuses=(status("gate", sequence),)))

    def stored(self) -> list[int]:
        return [row.ref.sequence for row in self.store.frames("gate", START - DAY, START + DAY)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder with % and ?" / "s.db"


@pytest.fixture
def watched(path: Path) -> Iterator[WatchedDatabase]:
    engine = open_engine(sqlite_url(path), busy_timeout_s=0.3)
    found = WatchedDatabase(engine)
    found.add(0)
    yield found
    engine.dispose()
    found.watch.close()


def sqlite_url(path: Path) -> str:
    return make_url("sqlite://").set(database=str(path)).render_as_string()


def files(path: Path, *endings: str) -> list[Path]:
    return [Path(f"{path}{ending}") for ending in endings]


@pytest.mark.parametrize("endings", [("",), ("", "-wal", "-shm"), ("-wal",), ("-wal", "-shm"), ("-shm",)])
def test_a_deleted_file_is_written_again_with_all_that_was_stored(
    watched: WatchedDatabase, path: Path, endings: tuple[str, ...]
) -> None:
    watched.add(1)
    for file in files(path, *endings):
        file.unlink()
    watched.add(2)  # what is open goes on; nobody has looked yet

    assert watched.watch.check() == ""

    watched.add(3)
    assert watched.stored() == [0, 1, 2, 3]
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM frames").fetchone() == (4,)
    other.close()
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    assert watched.watch.check() == ""
    assert watched.stored() == [0, 1, 2, 3]


def test_what_waits_to_be_written_while_a_deleted_file_is_saved_is_not_lost(
    watched: WatchedDatabase, path: Path
) -> None:
    connections = [watched.engine.connect() for _ in range(3)]
    for connection in connections:
        connection.execute(text("SELECT 1"))
        connection.rollback()
    path.unlink()
    assert watched.watch.check() == ""
    for connection in connections:  # these were open all the time, to the file that is gone
        with pytest.raises(Exception, match="locked"):
            connection.exec_driver_sql("INSERT INTO counters VALUES ('lost', 1)")
        connection.close()

    watched.add(1)

    assert watched.stored() == [0, 1]


def test_no_empty_file_takes_the_place_of_a_deleted_one(watched: WatchedDatabase, path: Path) -> None:
    watched.engine.dispose()
    for file in files(path, "", "-wal", "-shm"):
        file.unlink(missing_ok=True)

    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        watched.add(1)

    assert not path.exists()


def test_a_folder_that_is_gone_is_said_until_it_is_back(watched: WatchedDatabase, path: Path) -> None:
    shutil.rmtree(path.parent)
    assert "deleted" in watched.watch.check()
    assert "deleted" in watched.watch.health()
    path.parent.mkdir()

    assert watched.watch.check() == ""

    watched.add(1)
    assert watched.stored() == [0, 1]


def test_a_file_that_replaces_it_is_gone_on_with(watched: WatchedDatabase, path: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "backup") as copy, sqlite3.connect(path) as source:
        source.backup(copy)
    copy.close()
    source.close()
    watched.add(1)
    for file in files(path, "-wal", "-shm"):
        file.unlink()
    (tmp_path / "backup").rename(path)

    assert watched.watch.check() == ""

    watched.add(2)
    assert watched.stored() == [0, 2]
    assert watched.store.frames("gate", START, START + DAY)[-1].models == scores("gate", 2).models


DAMAGE: dict[str, Callable[[Path], None]] = {
    "truncated": lambda path: _overwrite(path, lambda whole: whole[: len(whole) // 3]),
    "emptied": lambda path: _overwrite(path, lambda _: b""),
    "another kind of file": lambda path: _overwrite(path, lambda whole: b"\x89PNG" * (len(whole) // 4)),
    "zeros in the middle": lambda path: _overwrite(path, lambda whole: whole[:8192] + bytes(len(whole) - 8192)),
}


def _overwrite(path: Path, changed: Callable[[bytes], bytes]) -> None:
    path.write_bytes(changed(path.read_bytes()))


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_noticed_by_looking_and_a_copy_put_there_heals_it(
    watched: WatchedDatabase, path: Path, tmp_path: Path, kind: str
) -> None:
    with sqlite3.connect(path) as source, sqlite3.connect(tmp_path / "backup") as copy:
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        source.backup(copy)
    copy.close()
    source.close()

    DAMAGE[kind](path)

    reason = watched.watch.check()
    assert reason
    assert any(word in reason for word in ("damaged", "not a SQLite", "has not the tables", "cannot be read"))
    for file in files(path, "-wal", "-shm"):
        file.unlink(missing_ok=True)
    (tmp_path / "backup").rename(path)
    assert watched.watch.check() == ""
    watched.add(5)
    assert watched.stored() == [0, 5]


def test_dropped_tables_are_noticed(watched: WatchedDatabase, path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE alerts")
    other.close()

    assert "no such table: alerts" in watched.watch.check()


@pytest.fixture
def role(postgres_url: str) -> Iterator[Callable[[str], None]]:
    """Give a way to administer the server; a database and a user of their own are made and removed."""
    _administer(
        postgres_url,
        "DROP DATABASE IF EXISTS sightline_watched WITH (FORCE)",
        "DROP ROLE IF EXISTS watcher",
        "CREATE ROLE watcher LOGIN PASSWORD 'first'",
        "CREATE DATABASE sightline_watched OWNER watcher",
    )
    yield lambda statement: _administer(postgres_url, statement)
    _administer(postgres_url, "DROP DATABASE IF EXISTS sightline_watched WITH (FORCE)", "DROP ROLE watcher")


@pytest.fixture
def on_postgres(postgres_url: str, role: Callable[[str], None]) -> Iterator[WatchedDatabase]:
    url = make_url(postgres_url).set(database="sightline_watched", username="watcher", password="first")
    engine = open_engine(url.render_as_string(hide_password=False))
    found = WatchedDatabase(engine)
    found.add(0)
    yield found
    found.watch.close()
    engine.dispose()


def test_tables_dropped_under_postgres_are_noticed_and_judging_waits_until_they_are_back(
    on_postgres: WatchedDatabase,
) -> None:
    with on_postgres.engine.begin() as connection:
        connection.execute(text("ALTER TABLE frames RENAME TO gone"))
    assert "has not the tables" in on_postgres.watch.check()
    with pytest.raises(StoreUnavailable, match="has not the tables"):
        on_postgres.add(1)

    with on_postgres.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO frames"))

    assert on_postgres.watch.check() == ""
    on_postgres.add(1)
    assert on_postgres.stored() == [0, 1]


def test_a_day_that_was_dropped_is_made_again(on_postgres: WatchedDatabase) -> None:
    with on_postgres.engine.begin() as connection:
        connection.execute(text("DROP TABLE frames_20260302"))

    with pytest.raises(StoreUnavailable, match="made again"):
        on_postgres.add(1)
    on_postgres.add(1)

    assert on_postgres.stored() == [1]


def test_a_database_that_was_dropped_is_noticed(on_postgres: WatchedDatabase, role: Callable[[str], None]) -> None:
    role("DROP DATABASE sightline_watched WITH (FORCE)")

    assert "no such database" in on_postgres.watch.check()


def test_a_database_that_became_read_only_waits(on_postgres: WatchedDatabase, role: Callable[[str], None]) -> None:
    role("ALTER DATABASE sightline_watched SET default_transaction_read_only = on")
    on_postgres.engine.dispose()

    with pytest.raises(StoreUnavailable, match="read-only"):
        on_postgres.add(1)


def test_a_password_changed_under_us_is_noticed_and_set_back_heals_it(
    on_postgres: WatchedDatabase, role: Callable[[str], None]
) -> None:
    role("ALTER ROLE watcher PASSWORD 'second'")
    on_postgres.add(1)  # the connection of the pool was let in long ago
    assert "refused the user or password" in on_postgres.watch.check()

    role("ALTER ROLE watcher PASSWORD 'first'")

    assert on_postgres.watch.check() == ""
