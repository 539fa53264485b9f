"""Deletes what is older than its retention, one table and one stream at a time, so that storing never waits long."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, select

from domain.alerts import IncidentState
from domain.clocks import AHEAD
from domain.records import Resolution
from storage import tables
from storage.engine import reading, writing
from storage.partitions import dropped_before
from storage.retention import Retention, believable
from storage.upserts import replace_older

_FLOOR, _RETAINED = "raw floor", "retained"


def raw_floor(connection: Connection, latest: datetime | None = None) -> datetime | None:
    """Return the time before which frames were deleted and none is accepted any more; None before the first time.

    One later than `latest` was set by a clock that was wrong, and `latest` counts.
    """
    floor = _watermark(connection, _FLOOR)
    return floor if floor is None or latest is None else min(floor, latest)


def believable_now(engine: Engine, now: datetime) -> datetime:
    """Return by which time rows may be deleted where the clock shows `now`, and note it for the next pass."""
    with writing(engine) as connection:
        seen = tables.sessions.c.last_seen_at
        newest = connection.execute(select(func.max(seen)).where(seen <= now + AHEAD)).scalar_one_or_none()
        until = believable(now, newest, _watermark(connection, _RETAINED))
        _set_watermark(connection, _RETAINED, until)
    return until


def deleted_before(engine: Engine, retention: Retention, now: datetime) -> Mapping[str, int]:
    """Delete everything past its retention at `now`; return rows deleted per table. Raises `StoreUnavailable`."""
    deleted = {"frames": _delete_frames(engine, retention.raw_floor(now))}
    for table, old in _old_rows(retention, now):
        with writing(engine) as connection:
            deleted[table.name] = deleted.get(table.name, 0) + connection.execute(delete(table).where(old)).rowcount
    return deleted


def _watermark(connection: Connection, name: str) -> datetime | None:
    query = select(tables.watermarks.c.at).where(tables.watermarks.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def _set_watermark(connection: Connection, name: str, at: datetime) -> None:
    # A mark that is ahead of what is set now was left by a clock that was wrong: it is replaced.
    replace_older(connection, tables.watermarks, [{"name": name, "at": at}], by="at", ahead=at)


def _old_rows(retention: Retention, now: datetime) -> list[tuple[Table, ColumnElement[bool]]]:
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
        (incidents, resolved & (incidents.c.updated_at < ago(retention.history_days))),
        (outbox, outbox.c.delivered_at.is_not(None) & (outbox.c.delivered_at < ago(retention.delivered_days))),
    ]


def _delete_frames(engine: Engine, floor: datetime) -> int:
    with writing(engine) as connection:
        # First the mark, then the rows: what arrives too late is refused before its day is gone.
        _set_watermark(connection, _FLOOR, floor)
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            return dropped_before(connection, floor)
    deleted, stream_id = 0, _next_stream(engine, "")
    while stream_id is not None:
        old = (tables.frames.c.stream_id == stream_id) & (tables.frames.c.received_at < floor)
        with writing(engine) as connection:
            deleted += connection.execute(delete(tables.frames).where(old)).rowcount
        stream_id = _next_stream(engine, stream_id)
    return deleted


def _next_stream(engine: Engine, after: str) -> str | None:
    """Return the next stream that has frames; steps through the primary key, where DISTINCT would read every row."""
    column = tables.frames.c.stream_id
    with reading(engine) as connection:
        return connection.execute(select(column).where(column > after).order_by(column).limit(1)).scalar_one_or_none()
