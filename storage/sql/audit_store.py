"""The audit as a port: lines that no other change writes, and reading them all."""

from collections.abc import Sequence

from sqlalchemy import Engine, select

from domain.access import EVERY_LINE, AuditFilter
from domain.records import AuditEntry
from storage.sql.audit_rows import append_audit, audit_from_row
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.schema import tables
from storage.sql.visible_rows import visible_lines


class SqlAuditStore:
    """`AuditStore` on SQLite or Postgres. Every method raises `StoreUnavailable` while the database is unavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, entry: AuditEntry) -> None:
        with write_transaction(self._engine) as connection:
            append_audit(connection, entry)

    def entries(self, filters: AuditFilter = EVERY_LINE, *, limit: int = 100) -> Sequence[AuditEntry]:
        table = tables.audit
        same = {"done_by": filters.by, "action": filters.action, "camera": filters.camera}
        conditions = [table.c[name] == value for name, value in same.items() if value is not None]
        conditions += visible_lines(filters.scope)
        if filters.since is not None:
            conditions.append(table.c.at >= filters.since)
        if filters.until is not None:
            conditions.append(table.c.at < filters.until)
        if filters.before is not None:
            conditions.append(table.c.id < filters.before)
        query = select(table).where(*conditions).order_by(table.c.id.desc()).limit(limit)
        with read_transaction(self._engine) as connection:
            return [audit_from_row(row) for row in connection.execute(query).mappings()]
