"""Only one process watches and tells from one database: the second is refused, and a killed one locks nobody out."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from domain.errors import ConfigError, StoreUnavailable
from sightline.bootstrap import build_system
from sightline.config.settings import Settings
from sightline.config.settings_loading import parse_settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores
from storage.sql.database.database_lock import acquire_database_lock
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.database.postgres_lock import PostgresDatabaseLock
from tests.contract.conftest import _administer
from tests.fakes.ports import START

HOLDER = """
import sys, time
from storage.sql.database.engine import open_engine
from storage.sql.database.database_lock import acquire_database_lock
from tests.fakes.ports import START
lock = acquire_database_lock(open_engine(sys.argv[1]), START)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        _administer(url, "DROP DATABASE IF EXISTS sightline_held WITH (FORCE)", "CREATE DATABASE sightline_held")
        found = make_url(url).set(database="sightline_held").render_as_string(hide_password=False)
    else:
        found = f"sqlite:///{tmp_path}/s.db"
    engine = open_engine(found)
    upgrade_schema(engine)
    engine.dispose()
    return found


@pytest.fixture
def other(database: str) -> Iterator[subprocess.Popen[str]]:
    """Run another process that holds the database."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def settings(database: str) -> Settings:
    return parse_settings({"database": database, "api": {"enabled": False}})


def start_refused(database: str) -> str:
    with pytest.raises(ConfigError, match="another Sightline process") as caught:
        build_system(settings(database))
    return str(caught.value)


def test_the_second_is_refused_with_who_holds_it(database: str, other: subprocess.Popen[str]) -> None:
    reason = start_refused(database)

    assert f"process {other.pid} on {os.uname().nodename}, since 2026-03-02" in reason
    assert "s.db" not in reason.partition("(")[0]


def test_tools_that_read_and_edit_cameras_still_work(database: str, other: subprocess.Popen[str]) -> None:
    assert other.poll() is None
    with command_stores(settings(database), SystemClock()) as stores:
        assert stores.streams.cameras() == []


def test_a_killed_holder_locks_nobody_out(database: str, other: subprocess.Popen[str]) -> None:
    os.kill(other.pid, signal.SIGKILL)

    engine = open_engine(database)
    acquire_database_lock(engine, START).release()
    engine.dispose()


def test_a_holder_that_ended_makes_room_and_two_in_one_process_are_refused_too(database: str) -> None:
    first = build_system(settings(database))
    with first:
        assert str(os.getpid()) in start_refused(database)
        assert first.health()["database"] == ""

    second = build_system(settings(database))
    with second:
        assert second.health()["database"] == ""


@pytest.mark.parametrize("kind", ["symlink", "hard link", "folder"])
def test_another_path_to_the_same_file_meets_the_same_lock(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "s.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade_schema(engine)
    lock = acquire_database_lock(engine, START)
    alias = tmp_path / "alias.db"
    if kind == "symlink":
        alias.symlink_to(path)
    elif kind == "hard link":
        alias.hardlink_to(path)
    else:
        (tmp_path / "linked").symlink_to(tmp_path)
        alias = tmp_path / "linked" / "s.db"

    start_refused(f"sqlite:///{alias}")

    lock.release()
    engine.dispose()


def test_a_file_written_again_after_it_was_deleted_is_held_too(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 's.db'}"
    with build_system(settings(database)) as system:
        (tmp_path / "s.db").unlink()
        deadline = time.monotonic() + 30
        while not (tmp_path / "s.db").exists() and time.monotonic() < deadline:
            time.sleep(0.05)

        assert _is_refused_soon(database)
        assert system.health()["database"] == ""


def _is_refused_soon(database: str) -> bool:
    engine = open_engine(database)
    try:
        acquire_database_lock(engine, START, sleep=lambda _: None).release()
    except ConfigError:
        return True
    finally:
        engine.dispose()
    return False


def test_a_server_that_ended_the_lock_gives_it_back_to_the_same_process(postgres_url: str) -> None:
    _administer(postgres_url, "DROP DATABASE IF EXISTS sightline_held WITH (FORCE)", "CREATE DATABASE sightline_held")
    url = make_url(postgres_url).set(database="sightline_held").render_as_string(hide_password=False)
    engine = open_engine(url)
    hold = acquire_database_lock(engine, START)
    assert isinstance(hold, PostgresDatabaseLock)
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'sightline_held'"
    _administer(postgres_url, ended)

    assert hold.check() == ""

    other = open_engine(url)
    with pytest.raises(ConfigError, match=str(os.getpid())):
        acquire_database_lock(other, START, sleep=lambda _: None)
    hold.release()
    other.dispose()
    engine.dispose()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EIO])
def test_a_file_system_without_locks_is_named_and_no_other_process_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    engine = open_engine(f"sqlite:///{tmp_path}/s.db")

    with pytest.raises(StoreUnavailable, match="local disk"):
        acquire_database_lock(engine, START, sleep=lambda _: None)
    engine.dispose()
