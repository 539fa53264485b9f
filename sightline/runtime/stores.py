"""Opens the database of the settings, brought to the newest schema, with every store on it."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine

from domain.audit_origin import AuditOrigin, audit_origin
from domain.backoff import backoff_s
from domain.errors import StoreUnavailable
from domain.ports import Clock
from domain.retention import Retention
from sightline.config.settings import Settings
from storage.sql.access_store import SqlAccessStore
from storage.sql.alert_store import SqlAlertStore
from storage.sql.audit_store import SqlAuditStore
from storage.sql.database.engine import PostgresTls, open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.quiet_time_store import SqlQuietTimeStore
from storage.sql.report_store import SqlReportStore
from storage.sql.score_store import SqlScoreStore
from storage.sql.shadow_log import SqlShadowLog
from storage.sql.stream_store import SqlStreamStore

MIN_RETRY_S = 1.0
MAX_RETRY_S = 30.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """One database, and the ports on it."""

    engine: Engine
    streams: SqlStreamStore
    scores: SqlScoreStore
    alerts: SqlAlertStore
    reports: SqlReportStore
    shadow: SqlShadowLog
    quiet: SqlQuietTimeStore
    """Maintenance, schedules and snoozes."""
    access: SqlAccessStore
    """Users, keys and sessions."""
    audit: SqlAuditStore


def open_configured_engine(settings: Settings, *, busy_timeout_s: float = 5.0) -> Engine:
    """Return the engine of the settings' database, over TLS where they ask for it; nothing is connected yet."""
    tls = PostgresTls(**settings.postgres.model_dump())
    return open_engine(settings.database, busy_timeout_s=busy_timeout_s, tls=tls)


def open_stores(settings: Settings, clock: Clock) -> Stores:
    """Return the stores. Raises `ConfigError` for a database that cannot be used, `StoreUnavailable` if it is
    unavailable.
    """
    engine = open_configured_engine(settings)
    try:
        upgrade_schema(engine)
    except BaseException:
        engine.dispose()
        raise
    retention = Retention(**settings.retention.model_dump())
    scores = SqlScoreStore(engine, retention=retention, clock=clock)
    return Stores(
        engine,
        SqlStreamStore(engine),
        scores,
        SqlAlertStore(engine),
        SqlReportStore(engine),
        SqlShadowLog(engine),
        SqlQuietTimeStore(engine),
        SqlAccessStore(engine),
        SqlAuditStore(engine),
    )


def wait_for_stores(settings: Settings, clock: Clock, stop: threading.Event) -> Stores | None:
    """Return the stores once the database answers; retries with growing pauses and logs each; None when stopped.

    Raises `ConfigError` for a database that cannot be used.
    """
    failures = 0
    while not stop.is_set():
        try:
            return open_stores(settings, clock)
        except StoreUnavailable as error:
            failures += 1
            wait_s = backoff_s(failures, first_s=MIN_RETRY_S, longest_s=MAX_RETRY_S)
            _log.warning("%s; next try in %.0f s", error, wait_s)
            stop.wait(wait_s)
    return None


@contextmanager
def command_stores(settings: Settings, clock: Clock) -> Iterator[Stores]:
    """Open the stores for one command, and close them after it."""
    stores = open_stores(settings, clock)
    try:
        with audit_origin(AuditOrigin(via="command line")):
            yield stores
    finally:
        stores.engine.dispose()
