"""One process at a time watches and notifies from one database. The lock ends with its process, however that ends.

Each kind of database has a lock of its own: `sqlite_lock.py` and `postgres_lock.py`.
"""

import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from domain.errors import ConfigError, StoreUnavailable
from domain.ports import DatabaseLock
from storage.sql.database.engine import translate_driver_errors
from storage.sql.database.postgres_lock import PostgresDatabaseLock
from storage.sql.database.sqlite_lock import SqliteDatabaseLock

_TIMEOUT_S = 5.0
"""A process that was killed a moment ago may hold its lock a little longer."""
_RETRY_S = 0.25


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


def _try_lock(hold: SqliteDatabaseLock | PostgresDatabaseLock) -> bool:
    try:
        with translate_driver_errors():
            return hold.take()
    except OSError as error:
        raise StoreUnavailable(
            f"the database file cannot be locked ({error.strerror}): put it on a local disk"
        ) from error
