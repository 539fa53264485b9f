"""One process at a time watches and notifies from one database. The lock ends with its process, however that ends.

SQLite: `flock` on the database file itself, so that every path to it meets the same lock; its holder is named in a
small file beside it. Postgres: an advisory lock of a connection of its own; its `application_name` says who holds it.
"""

import fcntl
import json
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import ConfigError, StoreUnavailable
from storage.sql.database.engine import translate_driver_errors

_log = logging.getLogger(__name__)

_LOCK_KEY = 0x53_69_67_68
"""Postgres advisory lock of who watches."""
_TIMEOUT_S = 5.0
"""A process that was killed a moment ago may hold its lock a little longer."""
_RETRY_S = 0.25


class DatabaseLock(Protocol):
    """The lock of this process."""

    def trouble(self) -> str:
        """Return why the lock is no longer held, "" while it is; it is taken again where it is free."""
        ...

    def release(self) -> None: ...


def acquire_database_lock(
    engine: Engine, since: datetime, *, sleep: Callable[[float], None] = time.sleep
) -> DatabaseLock:
    """Return the lock. Raises `ConfigError` that says who holds it where that is another process."""
    hold: SqliteDatabaseLock | PostgresDatabaseLock
    hold = (
        PostgresDatabaseLock(engine, since)
        if engine.dialect.name == "postgresql"
        else SqliteDatabaseLock(engine, since)
    )
    until_s = time.monotonic() + _TIMEOUT_S
    while not _try_lock(hold):
        if time.monotonic() >= until_s:
            with translate_driver_errors():
                holder = hold.holder()
            hold.release()
            raise ConfigError(
                f"database: another Sightline process watches with this database already ({holder}); two would send "
                "everything twice. Stop that one, or give this one a database of its own"
            )
        sleep(_RETRY_S)
    return hold


def _try_lock(hold: "SqliteDatabaseLock | PostgresDatabaseLock") -> bool:
    try:
        with translate_driver_errors():
            return hold.take()
    except OSError as error:
        raise StoreUnavailable(
            f"the database file cannot be locked ({error.strerror}): put it on a local disk"
        ) from error


class SqliteDatabaseLock:
    """The lock on a SQLite file. The descriptor stays open: closing it would end the locks SQLite itself holds."""

    def __init__(self, engine: Engine, since: datetime) -> None:
        self._path = Path(str(engine.url.database))
        self._since = since
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Lock the file that is there now; return False where another process has locked it."""
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        with suppress(OSError):
            self._holder_file.touch(mode=0o600)
            self._holder_file.write_text(
                json.dumps({"host": socket.gethostname(), "pid": os.getpid(), **self._start_record})
            )
        return True

    def holder(self) -> str:
        try:
            holder = json.loads(self._holder_file.read_text())
            return f"process {int(holder['pid'])} on {str(holder['host'])[:100]}, since {str(holder['since'])[:40]}"
        except (OSError, ValueError, LookupError, TypeError):
            return "which one is unknown"

    def trouble(self) -> str:
        """Lock the file again where another one has its name now."""
        try:
            if self._descriptor is None or os.path.samestat(os.fstat(self._descriptor), self._path.stat()):
                return ""
        except OSError:
            return ""  # that the file is gone is said elsewhere
        before, self._descriptor = self._descriptor, None
        try:
            taken = self.take()
        except OSError as error:
            self._descriptor = before
            return f"the database file cannot be locked: {error.strerror}"
        if taken:
            return ""
        self._descriptor = before
        return f"another Sightline process watches with this database ({self.holder()}); stop one of the two"

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def _holder_file(self) -> Path:
        real = self._path.resolve()
        return real.with_name(f"{real.name}-holder")

    @property
    def _start_record(self) -> dict[str, str]:
        return {"since": f"{self._since:%Y-%m-%d %H:%M:%S} UTC"}


class PostgresDatabaseLock:
    """The lock in Postgres. A holder that vanished without a word is noticed by the server within half a minute."""

    def __init__(self, engine: Engine, since: datetime) -> None:
        self._engine = engine
        self._holder_name = f"{os.getpid()} {since:%Y-%m-%dT%H:%M:%SZ} {socket.gethostname()}"[:63]
        self._connection: Connection | None = None

    def take(self) -> bool:
        if self._connection is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # it is ours alone, and closed at the end instead of going back to the pool
            self._connection = connection
            for name, value in (("idle", 10), ("interval", 5), ("count", 3)):
                connection.execute(text(f"SET tcp_keepalives_{name} = {value}"))
            connection.execute(text("SELECT set_config('application_name', :said, false)"), {"said": self._holder_name})
        taken = self._connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}).scalar_one()
        return bool(taken)

    def holder(self) -> str:
        query = text(
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE locktype = 'advisory' AND objid = :key AND granted "
            "AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert self._connection is not None
        holder = self._connection.execute(query, {"key": _LOCK_KEY}).scalars().first() or ""
        pid, _, rest = str(holder).partition(" ")
        since, _, host = rest.partition(" ")
        return f"process {pid} on {host}, since {since}" if host else "which one is unknown"

    def trouble(self) -> str:
        """Take the lock again where the server has restarted meanwhile."""
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return ""
        except SQLAlchemyError:
            _log.info("the connection that holds the lock is gone; it is taken again")
            self.release()
        try:
            if self.take():
                return ""
            why = f"another Sightline process watches with this database ({self.holder()}); stop one of the two"
        except SQLAlchemyError:
            return ""  # that the database is unavailable is said elsewhere
        self.release()
        return why

    def release(self) -> None:
        connection: Any = self._connection
        self._connection = None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()
