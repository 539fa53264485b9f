"""Copies of a database: SQLite's by the command, Postgres' by what the command says, and the first release's."""

import os
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Connection, create_engine, make_url, text

from api.app import AccessOptions, create_app
from api.security.accounts import Accounts
from domain.cameras import Camera
from domain.messages import BatchResult
from sightline.config.settings_loading import load_settings
from sightline.runtime.stores import command_stores
from storage.live.memory_live_state import MemoryLiveState
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.contract.records import scores, status
from tests.fakes.ports import START, FakeClock
from tests.unit.api.conftest import Caller, wait_for
from tests.unit.sightline.cli.test_cli import URL, assert_plain, run_command
from tests.unit.storage.sql.database.test_backup import fill_first_release


def settings_at(folder: Path, database: str) -> tuple[str, str]:
    folder.mkdir(exist_ok=True)
    path = folder / "sightline.yaml"
    path.write_text(f"database: '{database}'\n", encoding="utf-8")
    return "--settings", str(path)


def test_a_database_is_backed_up_and_restored_elsewhere(tmp_path: Path) -> None:
    here = settings_at(tmp_path / "here", f"sqlite:///{tmp_path}/here/s.db")
    there = settings_at(tmp_path / "there", f"sqlite:///{tmp_path}/there/s.db")
    copy = str(tmp_path / "copy")
    run_command("cameras", "add", "gate", URL, "--site", "north", *here)

    made = run_command("backup", copy, *here)
    again = run_command("backup", copy, *here)
    restored = run_command("restore", copy, *there)
    twice = run_command("restore", copy, *there)

    assert (made.exit_code, again.exit_code, restored.exit_code, twice.exit_code) == (0, 2, 0, 2), made.output
    assert "never overwritten" in again.stderr
    assert "never overwritten" in twice.stderr
    assert "rtsp://***@10.0.0.5:554/main" in run_command("cameras", "list", *there).output
    for result in (made, again, restored, twice):
        assert_plain(result)


def test_for_postgres_its_own_commands_are_named_without_the_password(tmp_path: Path) -> None:
    at = settings_at(tmp_path, "postgresql://sight:top-hunter2@db.example:5433/watch")

    made = run_command("backup", "a copy", *at)
    restored = run_command("restore", "a copy", *at)

    assert (made.exit_code, restored.exit_code) == (2, 2)
    place = "-h db.example -p 5433 -U USER -d watch"
    assert f"pg_dump {place} --format=custom '--file=a copy'" in made.stderr
    assert f"pg_restore {place} --no-owner 'a copy'" in restored.stderr
    assert_plain(made)
    assert_plain(restored)


def test_the_page_and_a_report_work_on_a_database_of_the_first_release(tmp_path: Path) -> None:
    at = settings_at(tmp_path, f"sqlite:///{tmp_path}/old.db")
    old = open_engine(f"sqlite:///{tmp_path}/old.db")
    fill_first_release(old)
    old.dispose()

    day = f"{START:%Y-%m-%d}"
    made = run_command(
        "report", "--since", day, "--until", day, "--format", "json", "--out", str(tmp_path / "report.json"), *at
    )

    assert made.exit_code == 0, made.output
    assert "gate" in (tmp_path / "report.json").read_text(encoding="utf-8")
    clock = FakeClock()
    with command_stores(load_settings(Path(at[1])), clock) as stores:
        app = create_app(
            stores.streams, stores.scores, stores.alerts, MemoryLiveState(), metrics={}, clock=clock,
            access=AccessOptions(accounts=Accounts(stores.access, now=clock.now), audit=stores.audit),
        )  # fmt: skip
        api = Caller(app)
        assert api.get("/").status_code == 200
        assert [each["name"] for each in api.get("/api/v1/cameras").json()["cameras"]] == ["gate"]
        assert [each["camera"] for each in api.get("/api/v1/incidents").json()["incidents"]] == ["gate"]
        assert api.get("/api/v1/cameras/gate/timeline").status_code == 200
        lines = api.get("/api/v1/audit").json()
        assert [(each["by"], each["action"], each["via"]) for each in lines[1:]] == [("ann", "put camera", "")]
        assert lines[0]["action"] == "export report"
        assert lines[0]["via"] == "command line"


def test_the_command_for_postgres_loses_nothing_that_was_committed_while_it_was_in_use(
    tmp_path: Path, postgres_url: str
) -> None:
    address = make_url(postgres_url)
    with admin_connection(address) as admin:
        for name in ("backup_source", "backup_target"):
            admin.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            admin.execute(text(f"CREATE DATABASE {name}"))
    source, target = (address.set(database=name) for name in ("backup_source", "backup_target"))
    engine = open_engine(source.render_as_string(hide_password=False))
    upgrade_schema(engine)
    SqlStreamStore(engine).put_camera(Camera("gate", URL), by="ann", at=START)
    store, stop, committed = SqlScoreStore(engine), threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            store.add(BatchResult(scores=(scores("gate", committed[0]),), statuses=(status("gate", committed[0]),)))
            committed[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_for(lambda: committed[0] >= 20, what="rows", timeout_s=120)
        before = committed[0]
        _run_as_told(tmp_path, source, "backup")
        after = committed[0] + 1
    finally:
        stop.set()
        writer.join(120)
        engine.dispose()
    _run_as_told(tmp_path, target, "restore")
    restored = open_engine(target.render_as_string(hide_password=False))
    found = SqlScoreStore(restored).frames("gate", START, START + timedelta(days=1), limit=100_000)
    assert [row.ref.sequence for row in found] == list(range(len(found)))
    assert before <= len(found) <= after
    assert [camera.name for camera in SqlStreamStore(restored).cameras()] == ["gate"]
    assert len(SqlStreamStore(restored).audit()) == 1
    SqlStreamStore(restored).put_camera(Camera("yard", URL), by="ann", at=START)
    for change in ("UPDATE {} SET done_by = 'nobody'", "DELETE FROM {}", "TRUNCATE {}"):
        for table in ("audit", "camera_changes"):
            with pytest.raises(Exception, match="append-only"), restored.begin() as connection:
                connection.execute(text(change.format(table)))
    assert [line.number for line in SqlStreamStore(restored).audit()] == [2, 1]
    restored.dispose()


def _run_as_told(folder: Path, address: sqlalchemy.URL, command: str) -> None:
    """Run what `sightline backup` and `sightline restore` tell whoever keeps data in Postgres."""
    at = settings_at(folder / command, address.render_as_string(hide_password=False))
    told = run_command(command, str(folder / "copy"), *at)
    line = " ".join(told.stderr.split()).partition("run: ")[2].replace("USER", str(address.username))
    secret = {**os.environ, "PGPASSWORD": str(address.password or "")}
    done = subprocess.run(shlex.split(line), env=secret, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def admin_connection(address: sqlalchemy.URL) -> Iterator[Connection]:
    engine = create_engine(address.set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()
