"""Notices within seconds that the database was deleted, replaced, damaged or closed to us, and repairs what it can.

Open connections do not show it: they still answer after the file was deleted or the password changed.
"""

import logging
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import Engine, text

from domain.errors import SightlineError, StoreUnavailable
from storage.sql.database.engine import connect_sqlite, read_transaction, sqlite_outage_reason
from storage.sql.database.migrate import upgrade_schema
from storage.sql.schema.tables import metadata

_log = logging.getLogger(__name__)

CHECK_INTERVAL_S = 3.0
_FULL_CHECK_BYTES = 8 << 20
"""A file up to this size is read whole at each check; of a larger one the beginning of each table."""


class DatabaseWatch:
    """`check` returns what is wrong with the database now, "" where nothing is; one thread calls it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sqlite = SqliteFile(engine) if engine.dialect.name == "sqlite" else None
        self._last_reason = ""

    def check(self) -> str:
        """Check the database, repair what can be repaired, and log each change once."""
        try:
            reason = self._sqlite.check() if self._sqlite is not None else self._check_postgres()
        except SightlineError as error:
            reason = str(error)
        if reason and reason != self._last_reason:
            _log.error("the database is not well: %s", reason)
        if self._last_reason and not reason:
            _log.warning("the database is well again")
        self._last_reason = reason
        return reason

    def health(self) -> str:
        """Return what the last check found."""
        return self._last_reason

    def close(self) -> None:
        if self._sqlite is not None:
            self._sqlite.close()

    def _check_postgres(self) -> str:
        # A connection of the pool was let in long ago; a new one shows whether we still are.
        fresh = Engine(self._engine.pool.recreate(), self._engine.dialect, self._engine.url, hide_parameters=True)
        try:
            with read_transaction(fresh) as connection:
                for name in metadata.tables:
                    connection.execute(text(f"SELECT 1 FROM {name} LIMIT 1"))
        finally:
            fresh.dispose()
        return ""


class SqliteFile:
    """The file under a SQLite database, held open by a connection of its own, from which a deleted file is saved."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._path = Path(str(engine.url.database))
        self._old_connections: list[sqlite3.Connection] = []
        self._reader, self._blocker = self._connect()
        self._status, self._journal = self._path.stat(), self._journal_status()
        self._is_well = True

    def check(self) -> str:
        reason = self._check_file()
        self._is_well = not reason
        return reason

    def _check_file(self) -> str:
        try:
            now = self._path.stat()
        except FileNotFoundError:
            return self._restore_deleted(self._path.name)
        except OSError as error:
            return f"the database file cannot be read: {error.strerror}; check its folder and permissions"
        if not os.path.samestat(now, self._status):
            return self._follow_replacement()
        if self._is_journal_gone():
            # Who puts a copy in the place of a damaged file takes its journal away, and the copy counts.
            return self._restore_deleted(f"{self._path.name}-wal") if self._is_well else self._follow_replacement()
        return self._damage(now.st_size)

    def _journal_status(self) -> os.stat_result | None:
        try:
            return Path(f"{self._path}-wal").stat()
        except OSError:
            return None

    def _is_journal_gone(self) -> bool:
        """Return whether the journal we write to has lost its name: what is in it would end with this process."""
        now = self._journal_status()
        return self._journal is not None and (now is None or not os.path.samestat(now, self._journal))

    def close(self) -> None:
        for connection in (*self._old_connections, self._reader, self._blocker):
            connection.close()

    def _connect(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        pair = connect_sqlite(self._path), connect_sqlite(self._path)
        for connection in pair:  # a connection opens its file at the first question
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return pair

    def _restore_deleted(self, deleted: str) -> str:
        """Write the database to its name again, with all that was stored: we still have open what was deleted of it.

        A write lock on the deleted file, never given back, makes those who wait to write to it come again.
        """
        kept = self._path.with_name(f"{self._path.name}.saving")
        try:
            if not self._blocker.in_transaction:
                self._blocker.execute("BEGIN IMMEDIATE")
            with suppress(FileNotFoundError):
                kept.unlink()
            os.close(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(kept)) as copy:
                self._reader.backup(copy)
                copy.execute("PRAGMA journal_mode=WAL")
            for ending in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    Path(f"{self._path}{ending}").unlink()
            if deleted == self._path.name:
                os.link(kept, self._path)  # unlike a renaming, this replaces nothing that came meanwhile
                kept.unlink()
            else:
                kept.replace(self._path)
        except (OSError, sqlite3.Error) as error:
            return f"the database's file {deleted} was deleted and cannot be written again ({error}); check its folder"
        self._reopen_file()
        _log.error(
            "the database's file %s was deleted; Sightline had it open and wrote the database again with all that was "
            "stored. Find out who deletes it",
            self._path.with_name(deleted),
        )
        return ""

    def _follow_replacement(self) -> str:
        """Go on with the file that has the name now."""
        self._engine.dispose()
        try:
            upgrade_schema(self._engine)
        except StoreUnavailable as error:
            return f"the database file was replaced, and the new one cannot be used: {error}"
        self._reopen_file()
        _log.error("the database file %s was replaced by another; Sightline goes on with the new one", self._path)
        return ""

    def _reopen_file(self) -> None:
        self._engine.dispose()
        # The old connections stay open: closing the last one would tidy up files that have another owner now.
        self._old_connections += [self._reader, self._blocker]
        self._reader, self._blocker = self._connect()
        self._status, self._journal = self._path.stat(), self._journal_status()

    def _damage(self, size: int) -> str:
        """Read the file with a new connection, which has nothing of it in memory."""
        try:
            with closing(connect_sqlite(self._path)) as fresh:
                for name in metadata.tables:
                    fresh.execute(f"SELECT * FROM {name} LIMIT 1").fetchone()
                if size <= _FULL_CHECK_BYTES:
                    (verdict,) = fresh.execute("PRAGMA quick_check(1)").fetchone()
                    if verdict != "ok":
                        return "the database file is damaged; restore a copy or move it away"
                fresh.execute("BEGIN IMMEDIATE")
                fresh.execute("ROLLBACK")
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                return ""  # another connection writes; the one that waits reports it
            return sqlite_outage_reason(error) or f"the database file cannot be read ({type(error).__name__})"
        return ""
