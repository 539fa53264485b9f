"""Recurring maintenance and snoozes; the windows themselves are the rows that reports read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, delete, select

from domain.quiet_times import MaintenanceSchedule, Snooze
from domain.records import AuditEntry
from domain.verdict_time import MaintenanceWindow
from storage.sql.audit_rows import append_audit
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.report_store import window_from_row, window_to_row
from storage.sql.schema import tables
from storage.sql.schema.upserts import insert_new


class SqlQuietTimeStore:
    """`QuietTimeStore` on SQLite or Postgres. Every method raises `StoreUnavailable` while the database is
    unavailable.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def schedules(self) -> Sequence[MaintenanceSchedule]:
        table = tables.maintenance_schedules
        with read_transaction(self._engine) as connection:
            rows = connection.execute(select(table).order_by(table.c.schedule_id)).mappings()
            return [_schedule(row) for row in rows]

    def put_schedule(
        self, schedule: MaintenanceSchedule, windows: Sequence[MaintenanceWindow], *, at: datetime
    ) -> None:
        table = tables.maintenance_schedules
        row = {
            "schedule_id": schedule.schedule_id,
            "first": schedule.first.isoformat(),
            "minutes": schedule.minutes,
            "rule": schedule.rule,
            "zone": schedule.zone,
            "camera": schedule.camera,
            "site": schedule.site,
            "camera_group": schedule.group,
            "reason": schedule.reason,
            "announced_by": schedule.by,
        }
        detail = f"from {schedule.first:%Y-%m-%d %H:%M} {schedule.zone}, {schedule.minutes} min, {schedule.rule}"
        with write_transaction(self._engine) as connection:
            _forget_future(connection, schedule.schedule_id, at)
            connection.execute(delete(table).where(table.c.schedule_id == schedule.schedule_id))
            insert_new(connection, table, [row])
            insert_new(connection, tables.maintenance, [window_to_row(window) for window in windows])
            about = (schedule.schedule_id, detail, schedule.camera, schedule.site)
            append_audit(connection, AuditEntry(at, schedule.by, "schedule maintenance", *about))

    def extend_schedule(self, windows: Sequence[MaintenanceWindow]) -> None:
        with write_transaction(self._engine) as connection:
            insert_new(connection, tables.maintenance, [window_to_row(window) for window in windows])

    def remove_schedule(self, schedule_id: str, *, by: str, at: datetime) -> bool:
        table = tables.maintenance_schedules
        same = table.c.schedule_id == schedule_id
        with write_transaction(self._engine) as connection:
            row = connection.execute(select(table.c.camera, table.c.site).where(same)).mappings().one_or_none()
            if row is None or connection.execute(delete(table).where(same)).rowcount == 0:
                return False
            _forget_future(connection, schedule_id, at)
            append_audit(connection, AuditEntry(at, by, "end scheduled maintenance", schedule_id, **row))
            return True

    def windows_between(self, since: datetime, until: datetime) -> Sequence[MaintenanceWindow]:
        table = tables.maintenance
        query = select(table).where(table.c.since < until, table.c.until > since).order_by(table.c.since)
        with read_transaction(self._engine) as connection:
            return [window_from_row(row) for row in connection.execute(query).mappings()]

    def snoozes(self, at: datetime) -> Sequence[Snooze]:
        table = tables.snoozes
        query = select(table).where(table.c.until > at).order_by(table.c.until, table.c.snooze_id)
        with read_transaction(self._engine) as connection:
            return [_snooze(row) for row in connection.execute(query).mappings()]

    def put_snooze(self, snooze: Snooze, *, at: datetime) -> None:
        table = tables.snoozes
        row = {
            "snooze_id": snooze.snooze_id,
            "until": snooze.until,
            "incident_id": snooze.incident_id,
            "camera": snooze.camera,
            "fault": snooze.fault,
            "reason": snooze.reason,
            "snoozed_by": snooze.by,
            "created_at": snooze.created_at or at,
        }
        subject = snooze.incident_id or snooze.camera
        detail = "; ".join(
            part for part in (f"until {snooze.until:%Y-%m-%d %H:%M} UTC", snooze.fault, snooze.reason) if part
        )
        with write_transaction(self._engine) as connection:
            connection.execute(delete(table).where(table.c.snooze_id == snooze.snooze_id))
            insert_new(connection, table, [row])
            append_audit(connection, AuditEntry(at, snooze.by, "snooze", subject, detail, camera=snooze.camera))

    def remove_snooze(self, snooze_id: str, *, by: str, at: datetime) -> bool:
        table = tables.snoozes
        with write_transaction(self._engine) as connection:
            camera = connection.execute(select(table.c.camera).where(table.c.snooze_id == snooze_id)).scalar() or ""
            if connection.execute(delete(table).where(table.c.snooze_id == snooze_id)).rowcount == 0:
                return False
            append_audit(connection, AuditEntry(at, by, "end snooze", snooze_id, camera=camera))
            return True


def _forget_future(connection: Connection, schedule_id: str, now: datetime) -> None:
    """Delete the windows of a schedule that have not begun: what was is history."""
    table = tables.maintenance
    mine = table.c.window_id.startswith(f"{schedule_id}-", autoescape=True)
    connection.execute(delete(table).where(mine, table.c.since > now))


def _schedule(row: RowMapping) -> MaintenanceSchedule:
    return MaintenanceSchedule(
        schedule_id=row["schedule_id"],
        first=datetime.fromisoformat(row["first"]),
        minutes=row["minutes"],
        rule=row["rule"],
        zone=row["zone"],
        camera=row["camera"],
        site=row["site"],
        group=row["camera_group"],
        reason=row["reason"],
        by=row["announced_by"],
    )


def _snooze(row: RowMapping) -> Snooze:
    return Snooze(
        snooze_id=row["snooze_id"],
        until=row["until"],
        incident_id=row["incident_id"],
        camera=row["camera"],
        fault=row["fault"],
        reason=row["reason"],
        by=row["snoozed_by"],
        created_at=row["created_at"],
    )
