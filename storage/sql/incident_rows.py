"""Alerts and incidents as rows, with their notifications in the same transaction."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from domain.alerts import Alert, AlertState, Incident, IncidentState, NotificationKind, OutboxEntry
from domain.clocks import CLOCK_SKEW
from domain.faults import Fault, Verdict, VerdictState
from storage.sql.schema import rows, tables
from storage.sql.schema.documents import EVIDENCE, INCIDENT, decode_cause, decode_record
from storage.sql.schema.upserts import insert_new, replace_older

_LEADING_COLUMNS = (
    "state", "updated_at", "resolved_at", "acknowledged_by", "acknowledged_at", "acknowledge_reason", "assigned_to",
    "answered_by", "answered_at",
)  # fmt: skip


def incident_from_row(row: RowMapping) -> Incident:
    """Return the incident; its columns overrule its document, since what people do changes them alone."""
    leading = {name: row[name] for name in _LEADING_COLUMNS}
    return decode_record(INCIDENT, {**row["document"], **leading, "answer": row["answer"] or None})


def alert_from_row(row: RowMapping) -> Alert:
    return Alert(
        stream_id=row["stream_id"],
        fault=Fault(row["fault"]),
        state=AlertState(row["state"]),
        since=row["since"],
        updated_at=row["updated_at"],
        incident_id=row["incident_id"],
        flaps=row["flaps"],
        evidence=decode_record(EVIDENCE, row["evidence"]),
    )


def verdict_from_row(row: RowMapping) -> Verdict:
    return Verdict(
        Fault(row["fault"]),
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
        replace(incident_from_row(row), state=IncidentState.RESOLVED, resolved_at=at, updated_at=at)
        for row in incidents
    ]
    entries = [OutboxEntry(f"{each.incident_id}:resolved", NotificationKind.RESOLVED, each, at) for each in closed]
    store_incidents(connection, rows.incident_rows(closed), rows.outbox_rows(entries), at + CLOCK_SKEW)
