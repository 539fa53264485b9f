"""Copies a SQLite database while it is written to, and puts such a copy in place elsewhere.

SQLite's online backup in one step (sqlite.org/backup.html) reads one consistent state. In WAL mode writers go on
meanwhile. What was committed before the copy began is in it, whole.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from domain.errors import ConfigError, StoreUnavailable
from storage.sql.database.engine import connect_sqlite, open_engine, sqlite_outage_reason
from storage.sql.database.migrate import current_revision, upgrade_schema

_BUSY_TIMEOUT_S = 30.0
_SQLITE_HEADER = b"SQLite format 3\x00"
_BESIDE = ("-wal", "-shm", "-journal")
"""SQLite would read these as parts of the file that they are named after."""


def backup_sqlite(database: Path, target: Path) -> int:
    """Write a copy of `database` to `target`, which only its owner can read; return its size in bytes.

    Raises `ConfigError` where there is no database, or something at `target`; `StoreUnavailable` where it cannot be
    read. `target` appears only when the copy is complete.
    """
    if not database.is_file():
        raise ConfigError(f"database: there is none at {database}; name the settings that `sightline run` has")
    _require_free(target, "BACKUP")
    with _temporary_beside(target) as copy:
        _copy(database, copy)
        return _publish(copy, target, "BACKUP")


def restore_sqlite(backup: Path, database: Path) -> tuple[str, str]:
    """Put a backup in place as `database` and bring it to this version's schema; return its revision before and after.

    Raises `ConfigError` for a file that is no backup, and where a database is there already: nothing is overwritten.
    """
    _require_backup(backup)
    _require_free(database, "database")
    with _temporary_beside(database) as copy:
        _copy(backup, copy)
        engine = open_engine(f"sqlite:///{copy}")
        try:
            before = current_revision(engine)
            if before is None:
                raise ConfigError(f"{backup}: holds no data of Sightline; name a file that `sightline backup` wrote")
            upgrade_schema(engine)
            after = current_revision(engine)
        finally:
            engine.dispose()
        _use_one_file(copy)
        _publish(copy, database, "database")
    return before, str(after)


def _require_backup(path: Path) -> None:
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; name a file that `sightline backup` wrote")
    try:
        with path.open("rb") as file:
            begins = file.read(len(_SQLITE_HEADER))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if begins != _SQLITE_HEADER:
        raise ConfigError(f"{path}: is not a SQLite database; name a file that `sightline backup` wrote")


def _require_free(path: Path, where: str) -> None:
    for each in (path, *(path.with_name(path.name + end) for end in _BESIDE)):
        if os.path.lexists(each):
            raise ConfigError(
                f"{where}: {each} is there already and is never overwritten; move it away, or name another"
            )


@contextmanager
def _temporary_beside(target: Path) -> Iterator[Path]:
    """Give an empty file of mode 600 in the folder of `target`; it and what SQLite puts beside it are gone after."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written: {error.strerror}") from error
    os.close(descriptor)
    copy = Path(name)
    try:
        yield copy
    finally:
        for each in (copy, *(copy.with_name(copy.name + end) for end in _BESIDE)):
            each.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy one consistent state of `source`, check every page of the copy, and leave it as a single file."""
    try:
        with closing(connect_sqlite(source, _BUSY_TIMEOUT_S)) as read, closing(connect_sqlite(target)) as copy:
            read.backup(copy)  # all pages in one step: a writer in between does not begin it again
            verdict = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{source}: {sqlite_outage_reason(error) or error}", needs_operator=True) from error
    if verdict != "ok":
        raise ConfigError(f"{source}: is damaged; take an older backup")
    _use_one_file(target)


def _use_one_file(path: Path) -> None:
    """Take the file out of WAL mode: a copy that is carried elsewhere is one file."""
    with closing(connect_sqlite(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _publish(copy: Path, target: Path, where: str) -> int:
    """Give a complete file its name; one that another process has put there meanwhile stays."""
    descriptor = os.open(copy, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    _require_free(target, where)
    try:
        os.link(copy, target)
    except FileExistsError:
        raise ConfigError(f"{where}: {target} is there already and is never overwritten") from None
    except OSError:
        copy.rename(target)  # a file system without hard links
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return size
