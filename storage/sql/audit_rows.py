"""The audit: one line for everything a person or the settings file changed, and for who looked at what."""

from sqlalchemy import Connection, RowMapping, insert

from domain.audit_origin import current_origin
from domain.records import AuditEntry
from storage.sql.schema import tables


def append_audit(connection: Connection, entry: AuditEntry) -> None:
    """Add one line to the audit; its detail must hold no credentials."""
    origin = current_origin()
    row = {
        "at": entry.at,
        "done_by": entry.by,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "camera": entry.camera,
        "site": entry.site,
        "client": entry.client or origin.client,
        "via": entry.via or origin.via,
    }
    connection.execute(insert(tables.audit), row)


def audit_from_row(row: RowMapping) -> AuditEntry:
    return AuditEntry(
        at=row["at"],
        by=row["done_by"],
        action=row["action"],
        subject=row["subject"],
        detail=row["detail"],
        camera=row["camera"],
        site=row["site"],
        client=row["client"],
        via=row["via"],
        number=row["id"],
    )
