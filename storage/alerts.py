"""What a restart of the evaluation needs to go on, and what people are told of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, RowMapping, select, update

from domain.alerts import Alert, AlertState, AlertTransition, Incident, IncidentState, NotificationKind, OutboxEntry
from domain.clocks import AHEAD, DIFFER
from domain.quality import Fault, LightMode, Reference, ReferenceState
from domain.records import AuditEntry
from storage import rows, tables
from storage.documents import EVIDENCE, INCIDENT, STATISTICS, decoded, unpacked
from storage.engine import reading, writing
from storage.incidents import add_messages, alert_of, incident_of
from storage.streams import append_audit

_LONGEST_WAIT = timedelta(hours=1)


class SqlAlertStore:
    """`AlertStore` on SQLite or Postgres. Every method raises `StoreUnavailable` while the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def alerts(self, stream_id: str | None = None) -> Sequence[Alert]:
        table = tables.alerts
        query = select(table).order_by(table.c.stream_id, table.c.fault)
        if stream_id is not None:
            query = query.where(table.c.stream_id == stream_id)
        with reading(self._engine) as connection:
            return [alert_of(row) for row in connection.execute(query).mappings()]

    def references(self, stream_id: str) -> Sequence[Reference]:
        table = tables.references
        query = select(table).where(table.c.stream_id == stream_id).order_by(table.c.mode)
        with reading(self._engine) as connection:
            return [_reference(row) for row in connection.execute(query).mappings()]

    def incident(self, incident_id: str) -> Incident | None:
        query = select(tables.incidents).where(tables.incidents.c.incident_id == incident_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else incident_of(row)

    def incidents(
        self,
        *,
        state: IncidentState | None = None,
        stream_id: str | None = None,
        limit: int = 100,
        before: datetime | None = None,
    ) -> Sequence[Incident]:
        """Return incidents, newest first by their opening; `before` leaves out those opened at it or later."""
        table = tables.incidents
        query = select(table).order_by(table.c.opened_at.desc(), table.c.incident_id.desc()).limit(limit)
        if state is not None:
            query = query.where(table.c.state == state)
        if stream_id is not None:
            query = query.where(table.c.stream_id == stream_id)
        if before is not None:
            query = query.where(table.c.opened_at < before)
        with reading(self._engine) as connection:
            return [incident_of(row) for row in connection.execute(query).mappings()]

    def transitions(self, stream_id: str, *, limit: int = 100) -> Sequence[AlertTransition]:
        """Return transitions, the latest first."""
        table = tables.transitions
        query = select(table).where(table.c.stream_id == stream_id)
        order = (table.c.at.desc(), table.c.sequence.desc(), table.c.fault, table.c.to_state)
        latest = query.order_by(*order).limit(limit)
        with reading(self._engine) as connection:
            return [_transition(row) for row in connection.execute(latest).mappings()]

    def acknowledge(self, incident_id: str, *, by: str, reason: str, at: datetime) -> bool:
        table = tables.incidents
        taken = update(table).where(table.c.incident_id == incident_id)
        values = {"acknowledged_by": by, "acknowledged_at": at, "acknowledge_reason": reason}
        with writing(self._engine) as connection:
            if connection.execute(taken.values(values)).rowcount == 0:
                return False
            append_audit(connection, AuditEntry(at, by, "acknowledge incident", incident_id, reason))
            return True

    def due(self, now: datetime, *, limit: int = 100) -> Sequence[OutboxEntry]:
        table = tables.outbox
        attempt = table.c.next_attempt_at
        # No attempt is put off for an hour: one further ahead was put off by a clock that was wrong.
        is_due = attempt.is_(None) | (attempt <= now) | (attempt > now + _LONGEST_WAIT)
        query = select(table).where(tables.NOT_DELIVERED, is_due).order_by(table.c.created_at, table.c.key).limit(limit)
        with reading(self._engine) as connection:
            return [_outbox_entry(row, now) for row in connection.execute(query).mappings()]

    def delivered(self, keys: Sequence[str], at: datetime) -> None:
        table = tables.outbox
        with writing(self._engine) as connection:
            told = update(table).where(table.c.key.in_(keys), tables.NOT_DELIVERED)
            connection.execute(told.values(delivered_at=at))

    def postpone(self, keys: Sequence[str], until: datetime, reason: str) -> None:
        table = tables.outbox
        with writing(self._engine) as connection:
            failed = update(table).where(table.c.key.in_(keys), tables.NOT_DELIVERED)
            connection.execute(failed.values(attempts=table.c.attempts + 1, next_attempt_at=until, last_error=reason))

    def put_group(self, incident: Incident, entries: Sequence[OutboxEntry], absorbed: Sequence[str]) -> None:
        table = tables.outbox
        with writing(self._engine) as connection:
            ahead = incident.updated_at + DIFFER
            add_messages(connection, rows.incident_rows([incident]), rows.outbox_rows(entries), ahead)
            told = update(table).where(table.c.key.in_(absorbed), tables.NOT_DELIVERED)
            connection.execute(told.values(delivered_at=incident.updated_at))


def _reference(row: RowMapping) -> Reference:
    return Reference(
        stream_id=row["stream_id"],
        mode=LightMode(row["mode"]),
        state=ReferenceState(row["state"]),
        started_at=row["started_at"],
        updated_at=row["updated_at"],
        frames=row["frames"],
        statistics=decoded(STATISTICS, row["statistics"]),
        structure=unpacked(row["structure"]),
        reason=row["reason"],
        accepted_by=row["accepted_by"],
    )


def _transition(row: RowMapping) -> AlertTransition:
    return AlertTransition(
        stream_id=row["stream_id"],
        fault=Fault(row["fault"]),
        session_id=row["session_id"],
        sequence=row["sequence"],
        from_state=AlertState(row["from_state"]),
        to_state=AlertState(row["to_state"]),
        at=row["at"],
        incident_id=row["incident_id"],
        evidence=decoded(EVIDENCE, row["evidence"]),
    )


def _outbox_entry(row: RowMapping, now: datetime) -> OutboxEntry:
    """Return the entry; one made far ahead of now waits for company no longer than one made now."""
    created_at = row["created_at"]
    return OutboxEntry(
        key=row["key"],
        kind=NotificationKind(row["kind"]),
        incident=decoded(INCIDENT, row["incident"]),
        created_at=now if created_at > now + AHEAD else created_at,
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
    )
