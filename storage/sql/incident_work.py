"""What people do about incidents: acknowledge, assign, comment, answer. Every step is a line of a log, none is lost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, case, func, insert, select, update

from domain.alerts import AlarmAnswer, AnswerCount, Incident, IncidentAction, IncidentFilter, IncidentLogEntry
from domain.faults import known_fault
from domain.records import AuditEntry
from storage.sql.audit_rows import append_audit
from storage.sql.incident_rows import incident_from_row
from storage.sql.schema import tables
from storage.sql.visible_rows import visible_incidents


def acknowledge_incident(
    connection: Connection, incident_id: str, *, by: str, reason: str, at: datetime
) -> Incident | None:
    """Set who took it on where nobody did, and return the incident as it is then; None where there is none."""
    table = tables.incidents
    free = update(table).where(table.c.incident_id == incident_id, table.c.acknowledged_by == "")
    values = {"acknowledged_by": by, "acknowledged_at": at, "acknowledge_reason": reason}
    acknowledged = connection.execute(free.values(values)).rowcount == 1
    row = connection.execute(select(table).where(table.c.incident_id == incident_id)).mappings().one_or_none()
    if row is None:
        return None
    if acknowledged or row["acknowledged_by"] == by:
        _append(connection, IncidentLogEntry(incident_id, at, by, IncidentAction.ACKNOWLEDGE, "", reason))
    return incident_from_row(row)


def record_work(connection: Connection, entry: IncidentLogEntry) -> bool:
    """Append a line and set what it decides; False where there is no such incident."""
    table = tables.incidents
    same = table.c.incident_id == entry.incident_id
    if connection.execute(select(table.c.incident_id).where(same)).one_or_none() is None:
        return False
    values: dict[str, Any] = {}
    if entry.action is IncidentAction.ASSIGN:
        values = {"assigned_to": entry.value}
    elif entry.action is IncidentAction.ANSWER:
        values = {"answer": entry.value, "answered_by": entry.by, "answered_at": entry.at}
    if values:
        connection.execute(update(table).where(same).values(values))
    _append(connection, entry)
    return True


def read_log(connection: Connection, incident_id: str) -> Sequence[IncidentLogEntry]:
    table = tables.incident_log
    query = select(table).where(table.c.incident_id == incident_id).order_by(table.c.id)
    return [_entry(row) for row in connection.execute(query).mappings()]


def conditions(filters: IncidentFilter) -> Sequence[ColumnElement[bool]]:
    """Return what a row of `incidents` must meet."""
    table = tables.incidents
    equal: dict[str, Any] = {
        "state": filters.state,
        "stream_id": filters.stream_id,
        "fault": filters.fault,
        "site": filters.site,
        "severity": filters.severity,
        "assigned_to": filters.assigned_to,
        "answer": filters.answer,
    }
    clauses = [table.c[name] == value for name, value in equal.items() if value is not None]
    if filters.answered is not None:
        clauses.append(table.c.answer != "" if filters.answered else table.c.answer == "")
    if filters.since is not None:
        clauses.append(table.c.opened_at >= filters.since)
    if filters.until is not None:
        clauses.append(table.c.opened_at < filters.until)
    return clauses


def count_answers(connection: Connection, filters: IncidentFilter) -> Sequence[AnswerCount]:
    table = tables.incidents
    # A thousand cameras have thousands of unanswered incidents, and nobody asks whose.
    camera = case((table.c.answer != "", table.c.stream_id), else_="").label("camera")
    key = (table.c.answer, table.c.fault, camera)
    wanted = (*conditions(filters), *visible_incidents(connection, filters.scope))
    query = select(*key, func.count().label("found")).where(*wanted).group_by(*key)
    return [
        AnswerCount(row.camera, fault, AlarmAnswer(row.answer) if row.answer else None, row.found)
        for row in connection.execute(query)
        if (fault := known_fault(row.fault)) is not None
    ]


def _append(connection: Connection, entry: IncidentLogEntry) -> None:
    row = {
        "at": entry.at,
        "done_by": entry.by,
        "incident_id": entry.incident_id,
        "action": entry.action,
        "value": entry.value,
        "note": entry.note,
    }
    connection.execute(insert(tables.incident_log), row)
    detail = ": ".join(part for part in (entry.value, entry.note) if part)
    camera, site = _place_of(connection, entry.incident_id)
    action = f"{entry.action} incident"
    append_audit(
        connection, AuditEntry(entry.at, entry.by, action, entry.incident_id, detail, camera=camera, site=site)
    )


def _place_of(connection: Connection, incident_id: str) -> tuple[str, str]:
    """Return the camera of an incident and its site; none for one of several cameras."""
    table = tables.incidents
    row = connection.execute(select(table).where(table.c.incident_id == incident_id)).mappings().one_or_none()
    incident = None if row is None else incident_from_row(row)
    if incident is None or incident.members or not incident.stream_id:
        return "", ""
    return incident.stream_id, incident.site


def _entry(row: RowMapping) -> IncidentLogEntry:
    return IncidentLogEntry(
        incident_id=row["incident_id"],
        at=row["at"],
        by=row["done_by"],
        action=IncidentAction(row["action"]),
        value=row["value"],
        note=row["note"],
    )
