"""The audit: one line for everything a person or the settings file changed."""

from sqlalchemy import Connection, insert

from domain.records import AuditEntry
from storage.sql.schema import tables


def append_audit(connection: Connection, entry: AuditEntry) -> None:
    """Add one line to the audit; its detail must hold no credentials."""
    row = {
        "at": entry.at,
        "done_by": entry.by,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
    }
    connection.execute(insert(tables.audit), row)
