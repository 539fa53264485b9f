"""A database that holds a planted history, written as the running system writes it."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from domain.verdict_time import VerdictSpan
from lab.bench.reports.planted_history import History
from storage.sql.database.engine import open_engine, write_transaction
from storage.sql.database.migrate import upgrade_schema
from storage.sql.report_store import SqlReportStore
from storage.sql.schema import tables
from storage.sql.schema.upserts import insert_new
from storage.sql.verdict_time import new_spans, span_rows


def store_history(history: History, path: Path) -> tuple[Engine, SqlReportStore]:
    """Return a database in the folder `path` with this history, and the store of reports over it."""
    engine = open_engine(f"sqlite:///{path / 'reports.db'}")
    upgrade_schema(engine)
    store = SqlReportStore(engine)
    with write_transaction(engine) as connection:
        for camera in history.transitions:
            _, spans = new_spans(None, list[VerdictSpan](history.spans(camera)))
            insert_new(connection, tables.verdict_time, span_rows(spans))
        rows = [
            {"stream_id": c.stream_id, "at": c.at, "watched": c.watched, "site": c.site, "camera_group": c.group}
            for c in history.watches
        ]
        insert_new(connection, tables.watch_changes, rows)
    for window in history.windows:
        store.announce_maintenance(window, at=datetime(2026, 1, 1, tzinfo=UTC))
    return engine, store
