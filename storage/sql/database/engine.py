"""Engines for SQLite, with one writer at a time, and for Postgres. Drivers' errors are translated here.

SQLite runs in WAL mode, and every writing transaction begins IMMEDIATE: a read that turned into a write would fail at
once instead of waiting. `synchronous=NORMAL` survives a killed process; a power cut may cost the last transactions.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import ConfigError, StoreUnavailable
from storage.sql.database import silent_servers

_WRITE_OPTION = "sightline_writes"
_MIGRATION_OPTION = "sightline_migrates"
_POSTGRES_FULL = "53100"
_POSTGRES_DATA = ("21", "22", "23", "54")
"""SQLSTATE classes of statements whose values are wrong: no waiting helps, and nothing but these rows is refused."""
_POSTGRES_STATES = {
    "57014": "the database took too long over a statement; trying again; look at its load and its locks",
    "3D000": "the server has no such database; create it, or correct 'database'",
    "42P01": "the database has not the tables of Sightline any more; restore it, or run: sightline migrate",
    "42703": "the database has not the tables of this version; run: sightline migrate",
    "3F000": "the database has not the tables of Sightline any more; restore it, or run: sightline migrate",
    "42501": "the database does not let this user read and write its tables; grant it that",
    "25006": "the database is read-only; make it writable, or name the one that is",
}

_POSTGRES_REFUSALS = {
    "certificate verify failed": "the database's certificate is not signed by who postgres.ca_file names",
    "does not match host name": "the database's certificate is for another host name (postgres.ca_file)",
    "server does not support SSL": "the database speaks no TLS; correct postgres.tls",
    "no encryption": "the database refuses connections without TLS; set postgres.tls",
    "password authentication failed": "the database refused the user or password",
    "no pg_hba.conf entry": "the database lets no such user in from here (pg_hba.conf)",
    "does not exist": "the server has no such database or user; create it",
}
"""What a refused connection says, which has no SQLSTATE in psycopg2."""


@dataclass(frozen=True, slots=True)
class PostgresTls:
    """Whether TLS is asked for, off by default; with `ca_file` the server's certificate and name are checked. PEM."""

    tls: bool = False
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""

    def options(self) -> Mapping[str, str]:
        """Return libpq's words for it. Raises `ConfigError` for a file that is not there."""
        if not self.tls:
            return {}
        files = {"sslrootcert": "ca_file", "sslcert": "certificate_file", "sslkey": "key_file"}
        found = {"sslmode": "verify-full" if self.ca_file else "require"}
        for word, name in files.items():
            path = str(getattr(self, name))
            if path and not Path(path).is_file():
                raise ConfigError(f"postgres.{name}: no such file: {path}")
            found |= {word: path} if path else {}
        return found


def open_engine(url: str, *, busy_timeout_s: float = 5.0, tls: PostgresTls | None = None) -> Engine:
    """Return an engine for `sqlite:///PATH` or `postgresql://…`; nothing is connected to yet. `tls` is for Postgres.

    A SQLite file is created readable by its owner alone. Raises `ConfigError` for an address that cannot be used.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise ConfigError("database: not a database address; use sqlite:///PATH or postgresql://…") from error
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address, busy_timeout_s)
    if address.get_backend_name() == "postgresql":
        return _open_postgres(address, busy_timeout_s, tls or PostgresTls())
    raise ConfigError(f"database: '{address.drivername}' is not supported; use sqlite:///PATH or postgresql://…")


def _open_sqlite(address: URL, busy_timeout_s: float) -> Engine:
    if address.database in (None, "", ":memory:"):
        raise ConfigError("database: a database in memory ends with its connection; name a file: sqlite:///PATH")
    path = Path(str(address.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise ConfigError(f"database: cannot write {path}: {error.strerror}") from error
    engine = create_engine(
        address, hide_parameters=True, poolclass=QueuePool, creator=partial(connect_sqlite, path, busy_timeout_s)
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def connect_sqlite(path: Path, busy_timeout_s: float = 5.0) -> sqlite3.Connection:
    """Return a connection to a file that is there: SQLite would make an empty one in the place of a deleted one."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=busy_timeout_s, check_same_thread=False, isolation_level=None)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own BEGIN is deferred; without an isolation level it leaves transactions to us.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(_MIGRATION_OPTION, False):
        # A batch migration rebuilds tables, and SQLite ignores this pragma inside a transaction.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITE_OPTION, False) else "BEGIN")


def _open_postgres(address: URL, busy_timeout_s: float, tls: PostgresTls) -> Engine:
    secured = tls.options()
    connect_s = max(2.0, busy_timeout_s)
    try:
        engine = create_engine(
            address.set(drivername="postgresql+psycopg2"),
            hide_parameters=True,
            pool_pre_ping=True,
            json_serializer=str,  # documents are JSON text already (storage.sql.schema.column_types.Document)
            connect_args={
                "connection_factory": silent_servers.connection_class(connect_s),
                "options": f"-c timezone=UTC -c lock_timeout={round(busy_timeout_s * 1e3)} "
                + silent_servers.server_options(),
                # A server that vanished without a word is noticed in half a minute.
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 4,
                "tcp_user_timeout": 30_000,
                **secured,
            },
        )
    except ModuleNotFoundError as error:
        raise ConfigError("database: Postgres needs the extra 'cluster': pip install 'sightline[cluster]'") from error
    event.listen(
        engine, "connect", lambda connection, _: silent_servers.limit_silence(connection, silent_servers.ANSWER_S)
    )
    return engine


@contextmanager
def read_transaction(engine: Engine, *, patient: bool = False) -> Iterator[Connection]:
    """Give a connection that sees one consistent state; `patient`: statements may take minutes.

    Raises `StoreUnavailable`.
    """
    with translate_driver_errors(), engine.begin() as connection, _patience(connection, patient):
        yield connection


@contextmanager
def write_transaction(engine: Engine, *, patient: bool = False) -> Iterator[Connection]:
    """Give a connection whose changes are all kept at the end, or none; `patient`: statements may take minutes.

    Raises `StoreUnavailable`.
    """
    writing = engine.execution_options(**{_WRITE_OPTION: True})
    with translate_driver_errors(), writing.begin() as connection, _patience(connection, patient):
        yield connection


@contextmanager
def _patience(connection: Connection, patient: bool) -> Iterator[None]:
    """Let Postgres take long over each statement of this transaction."""
    if not patient or connection.dialect.name != "postgresql":
        yield
        return
    driver = connection.connection.driver_connection
    milliseconds = round(silent_servers.PATIENT_S * 1e3)
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {name} = {milliseconds}")
    silent_servers.limit_silence(driver, silent_servers.PATIENT_S)
    try:
        yield
    finally:
        silent_servers.limit_silence(driver, silent_servers.ANSWER_S)


@contextmanager
def migration_transaction(engine: Engine) -> Iterator[Connection]:
    """Give a writing connection on which SQLite checks no foreign keys; the pool is emptied after it."""
    try:
        with (
            translate_driver_errors(),
            engine.execution_options(**{_WRITE_OPTION: True, _MIGRATION_OPTION: True}).begin() as connection,
            _patience(connection, patient=True),
        ):
            yield connection
    finally:
        engine.dispose()


@contextmanager
def translate_driver_errors() -> Iterator[None]:
    """Have drivers' errors leave the block as `StoreUnavailable`, those of wrong values as they are."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreUnavailable("the database is busy: no free connection; trying again") from error
    except DBAPIError as error:
        reason = _outage_reason(error)
        if reason is None:
            raise
        raise StoreUnavailable(reason, needs_operator=_needs_operator(error.orig)) from error


def _needs_operator(original: BaseException | None) -> bool:
    """Return whether only the operator can help: a damaged file, a refused login, a database that is not there."""
    if isinstance(original, sqlite3.Error):
        return (getattr(original, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return getattr(original, "pgcode", None) is None and _connection_refusal(original) is not None


def _connection_refusal(original: BaseException | None) -> str | None:
    """Return why Postgres refuses the connection, None where it does not."""
    return next((reason for phrase, reason in _POSTGRES_REFUSALS.items() if phrase in str(original)), None)


def _outage_reason(error: DBAPIError) -> str | None:
    """Return in words why the store is unavailable, or None when the statement itself is wrong (a defect, to be
    seen).
    """
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return sqlite_outage_reason(original)
    state = getattr(original, "pgcode", None)
    if state == _POSTGRES_FULL:
        return "the database's disk is full; free space there; nothing is lost, storing goes on by itself"
    if isinstance(state, str):
        return _postgres_reason(state)
    refusal = _connection_refusal(original)
    if refusal is not None:
        return refusal
    passing = isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated
    return "the database cannot be reached; trying again" if passing else None


def _postgres_reason(state: str) -> str | None:
    if state in _POSTGRES_STATES:
        return _POSTGRES_STATES[state]
    # Class 42: the statement itself is wrong. P0: a trigger of ours forbids it. Both are mistakes of ours.
    if state[:2] in (*_POSTGRES_DATA, "42", "P0"):
        return None
    return f"the database refused for now (SQLSTATE {state})"


def sqlite_outage_reason(error: sqlite3.Error) -> str | None:
    """Return in words why the file cannot be used, or None when the statement or its values are wrong."""
    # Extended result codes carry the primary code in their low byte (sqlite.org/rescode.html).
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    reasons = {
        sqlite3.SQLITE_BUSY: "the database is locked by another process; trying again",
        sqlite3.SQLITE_LOCKED: "the database is locked by another process; trying again",
        sqlite3.SQLITE_FULL: "the disk is full; free space there; nothing is lost, storing goes on by itself",
        sqlite3.SQLITE_IOERR: "the disk cannot be read or written; check it",
        sqlite3.SQLITE_READONLY: "the database file is read-only; make it writable",
        sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened; check its folder and permissions",
        sqlite3.SQLITE_CORRUPT: "the database file is damaged; restore a copy or move it away",
        sqlite3.SQLITE_NOTADB: "the file is not a SQLite database; restore a copy or move it away",
        sqlite3.SQLITE_PERM: "the database file cannot be opened; check its folder and permissions",
        sqlite3.SQLITE_PROTOCOL: "the database is locked by another process; trying again",
        sqlite3.SQLITE_NOMEM: "the database has no memory left; trying again",
    }
    if code == sqlite3.SQLITE_ERROR and str(error).startswith(("no such table", "no such column")):
        return f"the database has not the tables of Sightline any more ({error}); restore a copy or move it away"
    return reasons.get(code)
