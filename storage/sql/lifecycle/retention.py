"""Deletes rows that are older than their retention: raw scores soon, rollups late, the audit never."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, select

from domain.alerts import IncidentState
from domain.clocks import FUTURE_TOLERANCE
from domain.records import Resolution
from domain.retention import Retention
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.lifecycle.partitions import drop_partitions_before
from storage.sql.schema import tables
from storage.sql.schema.upserts import replace_older

MAX_ADVANCE = timedelta(hours=6)
"""What one pass may delete more than the pass before. There is one an hour: after a month of rest all that is old is
gone within five days, and a clock that is wrong for an hour costs six hours of the oldest."""


def retention_time(now: datetime, newest: datetime | None, before: datetime | None) -> datetime:
    """Return by which time one pass may delete, `now` or earlier: a clock that is wrong must not cost the history.

    `newest` is the time of the newest row not later than now, beyond which by more than a day nothing is believed;
    `before` is what the pass before deleted by, and each goes on from it by no more than `MAX_ADVANCE`.
    """
    until = now if newest is None else min(now, newest + timedelta(days=1))
    if before is not None and before <= now:
        until = min(until, before + MAX_ADVANCE)
    return until


_FLOOR_MARK, _RETENTION_MARK = "raw floor", "retained"


def read_raw_floor(connection: Connection, latest: datetime | None = None) -> datetime | None:
    """Return the time before which frames were deleted and none is accepted any more; None before the first time.

    One later than `latest` was set by a clock that was wrong, and `latest` counts.
    """
    floor = _read_watermark(connection, _FLOOR_MARK)
    return floor if floor is None or latest is None else min(floor, latest)


def advance_retention_time(engine: Engine, now: datetime) -> datetime:
    """Return by which time rows may be deleted where the clock shows `now`, and note it for the next pass."""
    with write_transaction(engine, patient=True) as connection:
        last_seen = tables.sessions.c.last_seen_at
        newest = connection.execute(
            select(func.max(last_seen)).where(last_seen <= now + FUTURE_TOLERANCE)
        ).scalar_one_or_none()
        until = retention_time(now, newest, _read_watermark(connection, _RETENTION_MARK))
        _write_watermark(connection, _RETENTION_MARK, until)
    return until


def delete_expired_rows(engine: Engine, retention: Retention, now: datetime) -> Mapping[str, int]:
    """Delete everything past its retention at `now`; return rows deleted per table. Raises `StoreUnavailable`."""
    deleted = {"frames": _delete_frames(engine, retention.raw_floor(now))}
    for table, old in _expired_rows(retention, now):
        with write_transaction(engine, patient=True) as connection:
            deleted[table.name] = deleted.get(table.name, 0) + connection.execute(delete(table).where(old)).rowcount
    return deleted


def _read_watermark(connection: Connection, name: str) -> datetime | None:
    query = select(tables.watermarks.c.at).where(tables.watermarks.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def _write_watermark(connection: Connection, name: str, at: datetime) -> None:
    # A mark that is ahead of what is set now was left by a clock that was wrong: it is replaced.
    replace_older(connection, tables.watermarks, [{"name": name, "at": at}], by="at", ahead=at)


def _expired_rows(retention: Retention, now: datetime) -> list[tuple[Table, ColumnElement[bool]]]:
    def ago(days: int) -> datetime:
        return now - timedelta(days=days)

    rollups, incidents, outbox = tables.rollups, tables.incidents, tables.outbox
    kept = (
        (Resolution.MINUTE, retention.minutes_days),
        (Resolution.HOUR, retention.hours_days),
        (Resolution.DAY, retention.days_days),
    )
    old = [(rollups, (rollups.c.resolution == each) & (rollups.c.at < ago(days))) for each, days in kept]
    resolved = incidents.c.state == IncidentState.RESOLVED
    return [
        *old,
        (tables.dead_letters, tables.dead_letters.c.received_at < ago(retention.dead_letters_days)),
        (tables.dropped_frames, tables.dropped_frames.c.received_at < retention.raw_floor(now)),
        (tables.sessions, tables.sessions.c.last_seen_at < ago(retention.sessions_days)),
        (tables.verdict_changes, tables.verdict_changes.c.at < ago(retention.history_days)),
        (tables.transitions, tables.transitions.c.at < ago(retention.history_days)),
        (tables.verdict_time, tables.verdict_time.c.ended_at < ago(retention.history_days)),
        (tables.shadow_messages, tables.shadow_messages.c.at < ago(retention.history_days)),
        (tables.model_days, tables.model_days.c.day < ago(retention.history_days)),
        (incidents, resolved & (incidents.c.updated_at < ago(retention.history_days))),
        (tables.deliveries, tables.deliveries.c.planned_at < ago(retention.history_days)),
        (tables.snoozes, tables.snoozes.c.until < ago(retention.history_days)),
        (outbox, outbox.c.delivered_at.is_not(None) & (outbox.c.delivered_at < ago(retention.delivered_days))),
    ]


def _delete_frames(engine: Engine, floor: datetime) -> int:
    with write_transaction(engine, patient=True) as connection:
        # First the mark, then the rows: what arrives too late is refused before its day is gone.
        _write_watermark(connection, _FLOOR_MARK, floor)
    if engine.dialect.name == "postgresql":
        with write_transaction(engine, patient=True) as connection:
            return drop_partitions_before(connection, floor)
    deleted, stream_id = 0, _next_stream(engine, "")
    while stream_id is not None:
        old = (tables.frames.c.stream_id == stream_id) & (tables.frames.c.received_at < floor)
        with write_transaction(engine, patient=True) as connection:
            deleted += connection.execute(delete(tables.frames).where(old)).rowcount
        stream_id = _next_stream(engine, stream_id)
    return deleted


def _next_stream(engine: Engine, after: str) -> str | None:
    """Return the next stream that has frames; steps through the primary key, where DISTINCT would read every row."""
    column = tables.frames.c.stream_id
    with read_transaction(engine, patient=True) as connection:
        return connection.execute(select(column).where(column > after).order_by(column).limit(1)).scalar_one_or_none()
