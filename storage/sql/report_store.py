"""What reports are computed from, added up by the database itself: it reads millions of rows and returns few."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    Select,
    bindparam,
    delete,
    extract,
    func,
    or_,
    select,
    type_coerce,
)

from domain.alerts import Incident
from domain.baselines import LightMode
from domain.records import AuditEntry, Resolution
from domain.retention import utc_midnight
from domain.verdict_time import Cut, MaintenanceWindow, MetricSeries, StateSum, TimeState, WatchChange
from storage.sql.audit_rows import append_audit
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.incident_rows import incident_from_row
from storage.sql.known_rows import decode_known
from storage.sql.schema import tables
from storage.sql.schema.column_types import microseconds
from storage.sql.schema.upserts import Row, replace_older

_CUTS_A_QUERY = 1000
_STATES: Mapping[str, TimeState] = {state.value: state for state in TimeState}
_LIGHTS: Mapping[str | None, LightMode | None] = {None: None, "": None, **{mode.value: mode for mode in LightMode}}
# A span that covers the beginning of a cut began on the same day in UTC (`domain.verdict_time.VerdictSpan`): nothing
# before that day's midnight is read.
_SQLITE_SUMS = """
WITH cuts(k, camera, day, a, b) AS (VALUES {cuts})
SELECT k, state, cause, light, SUM(MIN(ended_at, b) - MAX(began_at, a))
FROM cuts CROSS JOIN verdict_time
WHERE stream_id = camera AND began_at >= day AND began_at < b AND ended_at > a
GROUP BY k, state, cause, light
"""
_POSTGRES_SUMS = """
WITH cuts(k, camera, day, a, b) AS (VALUES {cuts})
SELECT k, state, cause, light, (EXTRACT(EPOCH FROM SUM(LEAST(ended_at, b) - GREATEST(began_at, a))) * 1000000)::bigint
FROM cuts JOIN verdict_time
  ON stream_id = camera AND began_at >= day AND began_at < b AND ended_at > a
GROUP BY k, state, cause, light
"""


class SqlReportStore:
    """`ReportStore` on SQLite or Postgres. Every method raises `StoreUnavailable` while the database is unavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def watch_changes(self) -> Sequence[WatchChange]:
        table = tables.watch_changes
        with read_transaction(self._engine) as connection:
            rows = connection.execute(select(table).order_by(table.c.stream_id, table.c.at)).mappings()
            return [
                WatchChange(row["stream_id"], row["at"], row["watched"], row["site"], row["camera_group"])
                for row in rows
            ]

    def time_in_states(self, cuts: Sequence[Cut]) -> Sequence[StateSum]:
        """Add up within SQL; a key's cuts may lie in several queries, whose sums are added here."""
        added: dict[tuple[int, str, str, str], int] = {}
        with read_transaction(self._engine, patient=True) as connection:
            for start in range(0, len(cuts), _CUTS_A_QUERY):
                for key, state, cause, light, amount in _sums(connection, cuts[start : start + _CUTS_A_QUERY]):
                    place = (key, state, cause, light)
                    added[place] = added.get(place, 0) + amount
        return [
            StateSum(key, _STATES[state], cause, _LIGHTS[light], timedelta(microseconds=amount))
            for (key, state, cause, light), amount in added.items()
        ]

    def incidents_between(self, since: datetime, until: datetime) -> Sequence[Incident]:
        table = tables.incidents
        unfinished = or_(table.c.resolved_at.is_(None), table.c.resolved_at >= since)
        query = select(table).where(table.c.opened_at < until, unfinished).order_by(table.c.opened_at)
        with read_transaction(self._engine, patient=True) as connection:
            return decode_known(connection.execute(query).mappings(), incident_from_row)

    def series(
        self,
        metric: str,
        stream_ids: Collection[str],
        since: datetime,
        until: datetime,
        resolution: Resolution,
        *,
        utc_hours: Collection[int] | None = None,
    ) -> Sequence[MetricSeries]:
        postgres = self._engine.dialect.name == "postgresql"
        query = _points(metric, (since, until), resolution, postgres=postgres)
        if utc_hours is not None:
            query = query.where(_begins_in(utc_hours, postgres=postgres))
        points = []
        with read_transaction(self._engine, patient=True) as connection:
            for name in sorted(stream_ids):
                # The driver's own rows: turning each value into an object of ours would take most of the time.
                rows = connection.execute(query, {"camera": name}).cursor.fetchall()
                if rows:
                    table = np.fromiter(chain.from_iterable(rows), np.float64, 2 * len(rows)).reshape(-1, 2)
                    points.append(MetricSeries(name, table[:, 0].astype(np.int64), table[:, 1]))
        return points

    def models_between(self, since: datetime, until: datetime) -> Mapping[str, Collection[str]]:
        days, sets = tables.model_days, tables.model_sets
        asked = select(days.c.model_set).where(days.c.day >= utc_midnight(since), days.c.day < until)
        query = select(sets.c.models).where(sets.c.id.in_(asked))
        found: dict[str, set[str]] = {}
        with read_transaction(self._engine, patient=True) as connection:
            for models in connection.execute(query).scalars():
                for name, fingerprint in models.items():
                    found.setdefault(name, set()).add(fingerprint)
        return found

    def maintenance_windows(self) -> Sequence[MaintenanceWindow]:
        table = tables.maintenance
        with read_transaction(self._engine) as connection:
            rows = connection.execute(select(table).order_by(table.c.since, table.c.window_id)).mappings()
            return [window_from_row(row) for row in rows]

    def announce_maintenance(self, window: MaintenanceWindow, *, at: datetime) -> None:
        detail = f"{window.since:%Y-%m-%d %H:%M} to {window.until:%Y-%m-%d %H:%M} UTC; {window.reason}"
        with write_transaction(self._engine) as connection:
            replace_older(connection, tables.maintenance, [window_to_row(window)], by="window_id")
            about = (window.window_id, detail, window.camera, window.site)
            append_audit(connection, AuditEntry(at, window.by, "announce maintenance", *about))

    def withdraw_maintenance(self, window_id: str, *, by: str, at: datetime) -> bool:
        table = tables.maintenance
        with write_transaction(self._engine) as connection:
            same = table.c.window_id == window_id
            row = connection.execute(select(table.c.camera, table.c.site).where(same)).mappings().one_or_none()
            if row is None or connection.execute(delete(table).where(same)).rowcount == 0:
                return False
            append_audit(connection, AuditEntry(at, by, "withdraw maintenance", window_id, **row))
            return True


def _sums(connection: Connection, cuts: Sequence[Cut]) -> Sequence[Any]:
    """Return rows of key, state, cause, light, microseconds; names are bound, all else is numbers and times of ours."""
    sqlite = connection.dialect.name == "sqlite"
    statement, mark = (_SQLITE_SUMS, "?") if sqlite else (_POSTGRES_SUMS, "%s")
    rows = (f"({cut.key}, {mark}, {_times(cut, sqlite)})" for cut in cuts)
    # Not through `text`, which would look for names of parameters in all of it.
    query = statement.format(cuts=", ".join(rows))
    result = connection.exec_driver_sql(query, tuple(cut.stream_id for cut in cuts))
    return result.cursor.fetchall()  # the driver's own rows, of which there are many


def _times(cut: Cut, sqlite: bool) -> str:
    """Return the midnight in UTC before a cut, its beginning and its end."""
    return ", ".join(_literal(at, sqlite) for at in (utc_midnight(cut.since), cut.since, cut.until))


def _literal(at: datetime, sqlite: bool) -> str:
    return str(microseconds(at)) if sqlite else f"'{at.isoformat()}'::timestamptz"


def _points(metric: str, between: tuple[datetime, datetime], resolution: Resolution, *, postgres: bool) -> Select[Any]:
    """Return the query of a camera's means, oldest first, with whole seconds since 1970."""
    table = tables.rollups
    at_s = extract("epoch", table.c.at) if postgres else type_coerce(table.c.at, BigInteger()) // 1_000_000
    return (
        select(at_s, table.c.mean)
        .where(table.c.stream_id == bindparam("camera"), table.c.resolution == resolution, table.c.metric == metric)
        .where(table.c.at >= between[0], table.c.at < between[1])
        .order_by(table.c.at)
    )


def _begins_in(utc_hours: Collection[int], *, postgres: bool) -> ColumnElement[bool]:
    at = tables.rollups.c.at
    if postgres:
        return extract("hour", func.timezone("UTC", at)).in_(sorted(utc_hours))
    hour = type_coerce(at, BigInteger()) % 86_400_000_000
    return hour.in_([each * 3_600_000_000 for each in sorted(utc_hours)])


def window_from_row(row: RowMapping) -> MaintenanceWindow:
    """Return the announced window of a row."""
    return MaintenanceWindow(
        window_id=row["window_id"],
        since=row["since"],
        until=row["until"],
        camera=row["camera"],
        site=row["site"],
        group=row["camera_group"],
        reason=row["reason"],
        by=row["announced_by"],
    )


def window_to_row(window: MaintenanceWindow) -> Row:
    """Return the row of an announced window."""
    return {
        "window_id": window.window_id,
        "since": window.since,
        "until": window.until,
        "camera": window.camera,
        "site": window.site,
        "camera_group": window.group,
        "reason": window.reason,
        "announced_by": window.by,
    }
