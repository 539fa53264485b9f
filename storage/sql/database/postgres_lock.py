"""The lock in Postgres: an advisory lock of a connection of its own, whose `application_name` says who holds it."""

import logging
import os
import socket
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

_log = logging.getLogger(__name__)

_LOCK_KEY = 0x53_69_67_68
"""Postgres advisory lock of who watches."""


class PostgresDatabaseLock:
    """The lock in Postgres. A holder that vanished without a word is noticed by the server within half a minute."""

    def __init__(self, engine: Engine, since: datetime) -> None:
        self._engine = engine
        self._holder_name = f"{os.getpid()} {since:%Y-%m-%dT%H:%M:%SZ} {socket.gethostname()}"[:63]
        self._connection: Connection | None = None

    def take(self) -> bool:
        if self._connection is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # no other thread uses it, and closed at the end instead of going back to the pool
            self._connection = connection
            for name, value in (("idle", 10), ("interval", 5), ("count", 3)):
                connection.execute(text(f"SET tcp_keepalives_{name} = {value}"))
            connection.execute(text("SELECT set_config('application_name', :said, false)"), {"said": self._holder_name})
        locked = self._connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}).scalar_one()
        return bool(locked)

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

    def check(self) -> str:
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
            reason = f"another Sightline process watches with this database ({self.holder()}); stop one of the two"
        except SQLAlchemyError:
            return ""  # that the database is unavailable is said elsewhere
        self.release()
        return reason

    def release(self) -> None:
        connection: Any = self._connection
        self._connection = None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()
