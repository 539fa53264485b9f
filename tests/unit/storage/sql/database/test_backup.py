"""A copy of a database in use: what was committed is in it, and a database that is there is never overwritten."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from domain.alerts import IncidentState
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.messages import BatchResult
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.backup import backup_sqlite, restore_sqlite
from storage.sql.database.engine import open_engine, write_transaction
from storage.sql.database.migrate import newest_revision, upgrade_schema
from storage.sql.schema.column_types import microseconds
from storage.sql.schema.rows import incident_rows
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.contract.records import alert, baseline, entry, incident, scores, status
from tests.fakes.ports import START

CAMERA = Camera("gate", "rtsp://admin:secret-hunter2@10.0.0.7/main", site="north")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "here" / "sightline.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade_schema(engine)
    SqlStreamStore(engine).put_camera(CAMERA, by="ann", at=START)
    engine.dispose()
    return path


class Writer:
    """Stores a frame in each transaction, one second apart, until told to stop; `committed` never runs ahead."""

    def __init__(self, path: Path) -> None:
        self._engine = open_engine(f"sqlite:///{path}", busy_timeout_s=60)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.committed = 0
        self.enough = threading.Event()

    def _write(self) -> None:
        store = SqlScoreStore(self._engine)
        while not self._stop.is_set():
            store.add(BatchResult(scores=(scores("gate", self.committed),), statuses=(status("gate", self.committed),)))
            self.committed += 1
            if self.committed >= 20:
                self.enough.set()

    def __enter__(self) -> "Writer":
        self._thread.start()
        assert self.enough.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)
        self._engine.dispose()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'elsewhere' / 'sightline.db'}")
    yield engine
    engine.dispose()


def test_a_backup_beside_a_running_writer_loses_nothing_committed(tmp_path: Path, database: Path) -> None:
    copies = []
    with Writer(database) as writer:
        for each in range(5):
            before = writer.committed
            size = backup_sqlite(database, tmp_path / f"copy-{each}")
            copies.append((before, writer.committed + 1, tmp_path / f"copy-{each}"))
            assert size == (tmp_path / f"copy-{each}").stat().st_size
    for at_least, at_most, copy in copies:
        target = tmp_path / "elsewhere" / f"{copy.name}.db"
        restore_sqlite(copy, target)
        engine = open_engine(f"sqlite:///{target}")
        store = SqlScoreStore(engine)
        found = store.frames("gate", START, START + timedelta(days=1), limit=100_000)
        assert [row.ref.sequence for row in found] == list(range(len(found)))
        assert at_least <= len(found) <= at_most
        assert SqlStreamStore(engine).cameras() == [CAMERA]
        store.add(BatchResult(scores=(scores("gate", len(found)),)))  # the copy is worked on like the original
        engine.dispose()


def test_a_backup_is_one_file_for_its_owner_alone_and_nothing_is_left_beside_it(tmp_path: Path, database: Path) -> None:
    copy = tmp_path / "copies" / "copy"
    backup_sqlite(database, copy)
    restore_sqlite(copy, tmp_path / "elsewhere" / "sightline.db")
    assert [each.name for each in copy.parent.iterdir()] == ["copy"]
    assert [each.name for each in (tmp_path / "elsewhere").iterdir()] == ["sightline.db"]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "elsewhere" / "sightline.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("end", ["", "-wal", "-journal"])
def test_nothing_that_is_there_is_overwritten(tmp_path: Path, database: Path, end: str) -> None:
    copy, there = tmp_path / "copy", tmp_path / f"taken{end}"
    backup_sqlite(database, copy)
    there.write_bytes(b"mine")
    with pytest.raises(ConfigError, match="is there already"):
        backup_sqlite(database, tmp_path / "taken")
    with pytest.raises(ConfigError, match="is there already"):
        restore_sqlite(copy, tmp_path / "taken")
    assert there.read_bytes() == b"mine"


def test_what_is_no_backup_is_refused_and_leaves_no_database(tmp_path: Path, database: Path) -> None:
    copy = tmp_path / "copy"
    backup_sqlite(database, copy)
    content = copy.read_bytes()
    foreign = tmp_path / "foreign"
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content[:8192] + b"\xff" * 4096 + content[12288:])
    (tmp_path / "cut").write_bytes(content[: len(content) // 2])
    (tmp_path / "text").write_text("name,url\n", encoding="utf-8")
    for name in ("foreign", "damaged", "cut", "text", "absent", ""):
        with pytest.raises(Exception, match=r"holds no data of|damaged|is not a SQLite|no such file") as refused:
            restore_sqlite(tmp_path / name, tmp_path / "new" / "sightline.db")
        assert "hunter2" not in str(refused.value)
        assert not (tmp_path / "new").exists() or list((tmp_path / "new").iterdir()) == []


def test_there_is_no_backup_of_a_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is none at"):
        backup_sqlite(tmp_path / "absent.db", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def fill_first_release(engine: Engine) -> None:
    """Store in the schema of the first release what its version stored."""
    upgrade_schema(engine, "0001")
    at = {"at": microseconds(START)}
    row = incident_rows([incident()])[0]
    names = [name for name in row if name not in ("fault", "site", "severity")]
    values = {each: microseconds(row[each]) if each.endswith("_at") and row[each] else row[each] for each in names}
    settings = '{"transport": "udp", "ptz": true, "masks": [{"left": 0, "top": 0, "width": 0.5, "height": 0.25}]}'
    with write_transaction(engine) as connection:
        for statement in (
            f"INSERT INTO cameras VALUES ('gate', '{CAMERA.url}', 'north', 'sw1', 1, '{settings}', :at, 'ann')",
            "INSERT INTO audit VALUES (1, :at, 'ann', 'put camera', 'gate', '')",
            "INSERT INTO sessions VALUES ('gate', 's1', :at, :at, 'live', '', 1, 0, 0)",
            "INSERT INTO model_sets VALUES ('abc', '{\"luma\": \"0\"}')",
            "INSERT INTO frames VALUES ('gate', :at, 's1', 0, NULL, '{\"sharpness\": 0.5}', NULL, 'abc')",
            "INSERT INTO learned_references VALUES ('gate', 'day', 'learned', :at, :at, 900, '{}', NULL, '', '')",
            "INSERT INTO dead_letters VALUES ('gate', 's1', 1, :at, 'too large')",
        ):
            connection.execute(text(statement), at if ":at" in statement else {})
        into = f"INSERT INTO incidents ({', '.join(names)}) VALUES ({', '.join(':' + each for each in names)})"
        connection.execute(text(into), values)


def test_the_backup_of_the_first_release_is_restored_with_its_history(tmp_path: Path, opened: Engine) -> None:
    old = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    fill_first_release(old)
    backup_sqlite(tmp_path / "old.db", tmp_path / "copy")
    old.dispose()
    Path(str(opened.url.database)).unlink()
    assert restore_sqlite(tmp_path / "copy", Path(str(opened.url.database))) == ("0001", newest_revision())
    streams, alerts, store = SqlStreamStore(opened), SqlAlertStore(opened), SqlScoreStore(opened)
    (camera,) = streams.cameras()
    assert (camera.url, camera.group, camera.ptz, camera.accepted_by) == (CAMERA.url, "sw1", True, "ann")
    assert camera.masks[0].width == 0.5
    assert [each.by for each in streams.audit()] == ["ann"]
    assert [each.session_id for each in streams.sessions("gate")] == ["s1"]
    assert [row.values for row in store.frames("gate", START, START + timedelta(days=1))] == [{"sharpness": 0.5}]
    assert [each.reason for each in store.dead_letters()] == ["too large"]
    assert [each.stream_id for each in alerts.baselines("gate")] == ["gate"]
    assert [(each.incident_id, each.state) for each in alerts.incidents()] == [("gate/blur/1", IncidentState.OPEN)]
    store.add(BatchResult((scores("gate", 2),), alerts=(alert(),), baselines=(baseline(),), outbox=(entry(),)))
