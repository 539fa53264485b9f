"""Folds frames into minutes, minutes into hours, hours into days.

A minute with new or late frames is marked when they are stored, and folded again whole: repeating it changes nothing,
and the cost is that of the marked minutes. Hours and days are folded again from the finer spans that changed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select

from domain.records import Resolution
from domain.retention import utc_midnight
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.schema import tables
from storage.sql.schema.score_rows import read_metric_sets, row_values
from storage.sql.schema.upserts import replace_older

_MINUTES_PER_TRANSACTION = 60
_SPANS = {
    Resolution.MINUTE: timedelta(minutes=1),
    Resolution.HOUR: timedelta(hours=1),
    Resolution.DAY: timedelta(days=1),
}


def fold_marked_minutes(engine: Engine) -> int:
    """Fold every marked minute; return how many frames were read for it. Raises `StoreUnavailable`."""
    column = tables.unfolded.c.stream_id
    with read_transaction(engine, patient=True) as connection:
        streams = connection.execute(select(column).distinct().order_by(column)).scalars().all()
    frames = 0
    for stream_id in streams:
        while (count := _fold_next_minutes(engine, stream_id)) is not None:
            frames += count
    return frames


def _fold_next_minutes(engine: Engine, stream_id: str) -> int | None:
    """Fold some marked minutes of one stream in one transaction; None when none is left."""
    marks = tables.unfolded
    query = select(marks.c.minute).where(marks.c.stream_id == stream_id).order_by(marks.c.minute)
    with write_transaction(engine, patient=True) as connection:
        chosen = query.limit(_MINUTES_PER_TRANSACTION).with_for_update()
        minutes = connection.execute(chosen).scalars().all()
        if not minutes:
            return None
        # The marks go before the frames are read: a frame stored meanwhile marks its minute again.
        connection.execute(delete(marks).where(marks.c.stream_id == stream_id, marks.c.minute.in_(minutes)))
        frames = sum(_fold_minute(connection, stream_id, minute) for minute in minutes)
        for hour in sorted({minute.replace(minute=0) for minute in minutes}):
            _fold_rollups(connection, stream_id, Resolution.MINUTE, Resolution.HOUR, hour)
        for day in sorted({utc_midnight(minute) for minute in minutes}):
            _fold_rollups(connection, stream_id, Resolution.HOUR, Resolution.DAY, day)
    return frames


def _fold_minute(connection: Connection, stream_id: str, minute: datetime) -> int:
    table = tables.frames
    rows = (
        connection.execute(
            select(table.c.scores, table.c.metric_set, table.c.numbers).where(
                table.c.stream_id == stream_id,
                table.c.received_at >= minute,
                table.c.received_at < minute + _SPANS[Resolution.MINUTE],
            )
        )
        .mappings()
        .all()
    )
    sets = read_metric_sets(connection, {row["metric_set"] for row in rows})
    series: dict[str, list[float]] = {}
    for row in rows:
        for metric, value in row_values(row, sets).items():
            series.setdefault(metric, []).append(value)
    _store_rollups(
        connection,
        stream_id,
        Resolution.MINUTE,
        minute,
        (
            {"metric": metric, "mean": sum(of) / len(of), "low": min(of), "high": max(of), "frames": len(of)}
            for metric, of in sorted(series.items())
        ),
    )
    return len(rows)


def _fold_rollups(connection: Connection, stream_id: str, finer: Resolution, coarser: Resolution, at: datetime) -> None:
    table = tables.rollups
    count = func.sum(table.c.frames)
    rows = connection.execute(
        select(
            table.c.metric,
            (func.sum(table.c.mean * table.c.frames) / count).label("mean"),
            func.min(table.c.low).label("low"),
            func.max(table.c.high).label("high"),
            count.label("frames"),
        )
        .where(table.c.stream_id == stream_id, table.c.resolution == finer)
        .where(table.c.at >= at, table.c.at < at + _SPANS[coarser])
        .group_by(table.c.metric)
        .order_by(table.c.metric)
    ).mappings()
    _store_rollups(connection, stream_id, coarser, at, ({**row, "frames": int(row["frames"])} for row in rows))


def _store_rollups(
    connection: Connection, stream_id: str, resolution: Resolution, at: datetime, spans: Iterable[dict[str, Any]]
) -> None:
    key = {"stream_id": stream_id, "resolution": resolution, "at": at.astimezone(UTC)}
    replace_older(connection, tables.rollups, [{**key, **span} for span in spans], by="at")
