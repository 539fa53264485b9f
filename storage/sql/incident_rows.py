"""Alerts and incidents as rows, with their notifications in the same transaction."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, update

from domain.alerts import Alert, AlertState, Incident, IncidentState, NotificationKind, OutboxEntry
from domain.clocks import CLOCK_SKEW
from domain.faults import Fault, Verdict, VerdictState, known_fault
from storage.sql.known_rows import decode_known
from storage.sql.schema import rows, tables
from storage.sql.schema.documents import EVIDENCE, decode_cause, decode_incident, decode_record
from storage.sql.schema.upserts import insert_new, replace_older

_LEADING_COLUMNS = (
    "state", "updated_at", "resolved_at", "acknowledged_by", "acknowledged_at", "acknowledge_reason", "assigned_to",
    "answered_by", "answered_at",
)  # fmt: skip


def incident_from_row(row: RowMapping) -> Incident | None:
    """Return the incident; its columns overrule its document, since what people do changes them alone.

    None where its fault is known to a newer version alone, and so for alerts and verdicts.
    """
    leading = {name: row[name] for name in _LEADING_COLUMNS}
    return decode_incident({**row["document"], **leading, "answer": row["answer"] or None})


def alert_from_row(row: RowMapping) -> Alert | None:
    fault = known_fault(row["fault"])
    if fault is None:
        return None
    return Alert(
        stream_id=row["stream_id"],
        fault=fault,
        state=AlertState(row["state"]),
        since=row["since"],
        updated_at=row["updated_at"],
        incident_id=row["incident_id"],
        flaps=row["flaps"],
        evidence=decode_record(EVIDENCE, row["evidence"]),
    )


def verdict_from_row(row: RowMapping) -> Verdict | None:
    fault = known_fault(row["fault"])
    if fault is None:
        return None
    return Verdict(
        fault,
        VerdictState(row["state"]),
        row["reason"],
        decode_record(EVIDENCE, row["evidence"]),
        decode_cause(row["evidence"]),
    )


def store_incidents(
    connection: Connection, incidents: rows.Rows, entries: rows.Rows, ahead: datetime | None = None
) -> None:
    """Store incidents and their notifications; an acknowledgement once given stays.

    An incident that was changed beyond `ahead`, by a clock that was wrong, is replaced.
    """
    acknowledgement = ("acknowledged_by", "acknowledged_at", "acknowledge_reason")
    replace_older(connection, tables.incidents, incidents, by="updated_at", keep=acknowledgement, ahead=ahead)
    insert_new(connection, tables.outbox, entries)


def resolve_incidents(connection: Connection, stream_id: str, at: datetime) -> None:
    """Resolve the open incidents of a retired camera, and notify those who were notified of them."""
    table = tables.incidents
    still_open = (table.c.stream_id == stream_id) & (table.c.state == IncidentState.OPEN)
    incidents = connection.execute(select(table).where(still_open)).mappings().all()
    closed = [
        replace(incident, state=IncidentState.RESOLVED, resolved_at=at, updated_at=at)
        for incident in decode_known(incidents, incident_from_row)
    ]
    entries = [OutboxEntry(f"{each.incident_id}:resolved", NotificationKind.RESOLVED, each, at) for each in closed]
    store_incidents(connection, rows.incident_rows(closed), rows.outbox_rows(entries), at + CLOCK_SKEW)
    # Of a fault that only a newer version knows there is no text to send, but nothing may stay open for ever.
    resolved = {"state": IncidentState.RESOLVED, "resolved_at": at, "updated_at": at}
    connection.execute(update(table).where(still_open, table.c.fault.not_in(list(Fault))).values(resolved))
