"""The alert state that a restart needs, and the outbox of notifications."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, RowMapping, select, update

from domain.access import EVERY_CAMERA, AccessScope
from domain.alerts import (
    Alert,
    AlertState,
    AlertTransition,
    AnswerCount,
    Incident,
    IncidentFilter,
    IncidentLogEntry,
    IncidentState,
    NotificationKind,
    OutboxEntry,
)
from domain.baselines import BaselineState, CameraBaseline, LightMode
from domain.clocks import CLOCK_SKEW, FUTURE_TOLERANCE
from domain.faults import known_fault
from domain.verdict_time import VerdictSpan
from storage.sql import delivery_rows
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.incident_rows import alert_from_row, incident_from_row, store_incidents
from storage.sql.incident_work import acknowledge_incident, conditions, count_answers, read_log, record_work
from storage.sql.known_rows import decode_known, read_known
from storage.sql.schema import rows, tables
from storage.sql.schema.documents import (
    EVIDENCE,
    STATISTICS,
    decode_incident,
    decode_parts,
    decode_record,
    unpack_structure,
)
from storage.sql.schema.upserts import insert_new
from storage.sql.verdict_time import last_spans
from storage.sql.visible_rows import visible_alerts, visible_incidents

_MAX_WAIT = timedelta(hours=1)


class SqlAlertStore:
    """`AlertStore` on SQLite or Postgres. Every method raises `StoreUnavailable` while the database is unavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def alerts(self, stream_id: str | None = None, *, scope: AccessScope = EVERY_CAMERA) -> Sequence[Alert]:
        table = tables.alerts
        query = select(table).where(*visible_alerts(scope)).order_by(table.c.stream_id, table.c.fault)
        if stream_id is not None:
            query = query.where(table.c.stream_id == stream_id)
        with read_transaction(self._engine) as connection:
            return decode_known(connection.execute(query).mappings(), alert_from_row)

    def baselines(self, stream_id: str) -> Sequence[CameraBaseline]:
        table = tables.baselines
        query = select(table).where(table.c.stream_id == stream_id).order_by(table.c.mode)
        with read_transaction(self._engine) as connection:
            return [_baseline_from_row(row) for row in connection.execute(query).mappings()]

    def incident(self, incident_id: str) -> Incident | None:
        query = select(tables.incidents).where(tables.incidents.c.incident_id == incident_id)
        with read_transaction(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else incident_from_row(row)

    def incidents(
        self,
        *,
        state: IncidentState | None = None,
        stream_id: str | None = None,
        limit: int = 100,
        before: datetime | None = None,
        filters: IncidentFilter | None = None,
    ) -> Sequence[Incident]:
        """Return incidents, newest first by their opening; `before` leaves out those opened at it or later."""
        table = tables.incidents
        query = select(table).order_by(table.c.opened_at.desc(), table.c.incident_id.desc())
        if state is not None:
            query = query.where(table.c.state == state)
        if stream_id is not None:
            query = query.where(table.c.stream_id == stream_id)
        if before is not None:
            query = query.where(table.c.opened_at < before)
        if filters is not None:
            query = query.where(*conditions(filters))
        with read_transaction(self._engine) as connection:
            if filters is not None:
                query = query.where(*visible_incidents(connection, filters.scope))
            return read_known(connection, query, incident_from_row, limit=limit)

    def count_answers(self, filters: IncidentFilter) -> Sequence[AnswerCount]:
        with read_transaction(self._engine) as connection:
            return count_answers(connection, filters)

    def transitions(self, stream_id: str, *, limit: int = 100) -> Sequence[AlertTransition]:
        """Return transitions, the latest first."""
        table = tables.transitions
        query = select(table).where(table.c.stream_id == stream_id)
        order = (table.c.at.desc(), table.c.sequence.desc(), table.c.fault, table.c.to_state)
        latest = query.order_by(*order)
        with read_transaction(self._engine) as connection:
            return read_known(connection, latest, _transition_from_row, limit=limit)

    def last_span(self, stream_id: str) -> VerdictSpan | None:
        with read_transaction(self._engine) as connection:
            return last_spans(connection, [stream_id]).get(stream_id)

    def acknowledge(self, incident_id: str, *, by: str, reason: str, at: datetime) -> Incident | None:
        with write_transaction(self._engine) as connection:
            return acknowledge_incident(connection, incident_id, by=by, reason=reason, at=at)

    def record_work(self, entry: IncidentLogEntry) -> bool:
        with write_transaction(self._engine) as connection:
            return record_work(connection, entry)

    def incident_log(self, incident_id: str) -> Sequence[IncidentLogEntry]:
        with read_transaction(self._engine) as connection:
            return read_log(connection, incident_id)

    def due(self, now: datetime, *, limit: int = 100) -> Sequence[OutboxEntry]:
        table = tables.outbox
        attempt = table.c.next_attempt_at
        # No attempt is put off for an hour: one further ahead was put off by a clock that was wrong.
        is_due = attempt.is_(None) | (attempt <= now) | (attempt > now + _MAX_WAIT)
        query = select(table).where(tables.NOT_DELIVERED, is_due).order_by(table.c.created_at, table.c.key)
        with read_transaction(self._engine) as connection:
            return read_known(connection, query, lambda row: _outbox_entry_from_row(row, now), limit=limit)

    def mark_delivered(self, keys: Sequence[str], at: datetime) -> None:
        table = tables.outbox
        with write_transaction(self._engine) as connection:
            delivery = update(table).where(table.c.key.in_(keys), tables.NOT_DELIVERED)
            connection.execute(delivery.values(delivered_at=at))

    def postpone(self, keys: Sequence[str], until: datetime, reason: str) -> None:
        table = tables.outbox
        with write_transaction(self._engine) as connection:
            failed = update(table).where(table.c.key.in_(keys), tables.NOT_DELIVERED)
            connection.execute(failed.values(attempts=table.c.attempts + 1, next_attempt_at=until, last_error=reason))

    def put_group(self, incident: Incident, entries: Sequence[OutboxEntry], absorbed: Sequence[str]) -> None:
        table = tables.outbox
        with write_transaction(self._engine) as connection:
            ahead = incident.updated_at + CLOCK_SKEW
            store_incidents(connection, rows.incident_rows([incident]), rows.outbox_rows(entries), ahead)
            delivery = update(table).where(table.c.key.in_(absorbed), tables.NOT_DELIVERED)
            connection.execute(delivery.values(delivered_at=incident.updated_at))

    def add_messages(self, entries: Sequence[OutboxEntry]) -> None:
        with write_transaction(self._engine) as connection:
            insert_new(connection, tables.outbox, rows.outbox_rows(entries))

    def plan_deliveries(self, receivers: Mapping[str, Collection[str]], at: datetime) -> None:
        with write_transaction(self._engine) as connection:
            delivery_rows.plan_deliveries(connection, receivers, at)

    def deliveries(self, keys: Collection[str]) -> Mapping[str, Mapping[str, bool]]:
        with read_transaction(self._engine) as connection:
            return delivery_rows.find_deliveries(connection, keys)

    def mark_received(self, deliveries: Collection[tuple[str, str]], at: datetime) -> None:
        with write_transaction(self._engine) as connection:
            delivery_rows.mark_received(connection, deliveries, at)

    def receivers_notified(self, incident_ids: Collection[str]) -> Mapping[str, Mapping[str, datetime]]:
        with read_transaction(self._engine) as connection:
            return delivery_rows.receivers_notified(connection, incident_ids)


def _baseline_from_row(row: RowMapping) -> CameraBaseline:
    return CameraBaseline(
        stream_id=row["stream_id"],
        mode=LightMode(row["mode"]),
        state=BaselineState(row["state"]),
        started_at=row["started_at"],
        updated_at=row["updated_at"],
        frames=row["frames"],
        statistics=decode_record(STATISTICS, row["statistics"]),
        structure=unpack_structure(row["structure"]),
        reason=row["reason"],
        accepted_by=row["accepted_by"],
        parts=decode_parts(row["parts"]),
    )


def _transition_from_row(row: RowMapping) -> AlertTransition | None:
    fault = known_fault(row["fault"])
    if fault is None:
        return None
    return AlertTransition(
        stream_id=row["stream_id"],
        fault=fault,
        session_id=row["session_id"],
        sequence=row["sequence"],
        from_state=AlertState(row["from_state"]),
        to_state=AlertState(row["to_state"]),
        at=row["at"],
        incident_id=row["incident_id"],
        evidence=decode_record(EVIDENCE, row["evidence"]),
    )


def _outbox_entry_from_row(row: RowMapping, now: datetime) -> OutboxEntry | None:
    """Return the entry; one made far ahead of now waits for company no longer than one made now.

    None where the incident's fault is known to a newer version alone, which sends it.
    """
    incident = decode_incident(row["incident"])
    if incident is None:
        return None
    created_at = row["created_at"]
    return OutboxEntry(
        key=row["key"],
        kind=NotificationKind(row["kind"]),
        incident=incident,
        created_at=now if created_at > now + FUTURE_TOLERANCE else created_at,
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
    )
