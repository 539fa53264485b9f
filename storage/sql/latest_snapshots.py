"""The last state of each stream, read from stored rows, for readers whose live state is unavailable.

Rows hold less than the live state: rate, bitrate and light mode are None in what is returned.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import CTE, Connection, RowMapping, Select, String, Table, column, func, select, true, values

from domain.alerts import AlertState, IncidentState
from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from domain.faults import Fault, Verdict
from domain.messages import StreamSnapshot
from storage.sql.incident_rows import alert_from_row, incident_from_row, verdict_from_row
from storage.sql.known_rows import decode_known
from storage.sql.schema import tables
from storage.sql.schema.score_rows import read_metric_sets, row_values

_RowsByStream: TypeAlias = dict[str, list[RowMapping]]
_ENDED_STATES = (AlertState.INACTIVE, AlertState.RESOLVED)


def read_latest_snapshots(
    connection: Connection, stream_ids: Collection[str], until: datetime | None = None
) -> Mapping[str, StreamSnapshot]:
    """Return a snapshot of each stream of which anything was stored; one query a table, however many streams.

    Rows later than `until`, of a clock that was wrong, are left out.
    """
    if not stream_ids:
        return {}
    names = _values_table("asked", "stream_id", sorted(stream_ids))
    sessions = _fetch_by_stream(connection, _select_newest(names, tables.sessions, "last_seen_at", until))
    frames = _fetch_by_stream(connection, _select_newest(names, tables.frames, "received_at", until))
    sets = read_metric_sets(connection, {row["metric_set"] for rows in frames.values() for row in rows})
    verdicts = _fetch_by_stream(connection, _select_latest_verdicts(names, until))
    alerts = _fetch_by_stream(
        connection, _select_streams(names, tables.alerts).where(tables.alerts.c.state.not_in(_ENDED_STATES))
    )
    open_ones = _select_streams(names, tables.incidents).where(tables.incidents.c.state == IncidentState.OPEN)
    incidents = _fetch_by_stream(connection, open_ones.order_by(tables.incidents.c.opened_at))
    snapshots = {}
    for stream_id in stream_ids:
        session, frame = _last_row(sessions, stream_id), _last_row(frames, stream_id)
        known = decode_known(incidents.get(stream_id, []), incident_from_row)
        at = _latest_time(session, frame)
        if at is None:
            continue
        snapshots[stream_id] = StreamSnapshot(
            stream_id=stream_id,
            at=at,
            status=None if session is None else _status_from_rows(session, frame),
            verdicts=tuple(_order_verdicts(verdicts.get(stream_id, []))),
            values={} if frame is None else row_values(frame, sets),
            alerts=tuple(decode_known(alerts.get(stream_id, []), alert_from_row)),
            incident=known[-1] if known else None,
        )
    return snapshots


def _values_table(name: str, of: str, words: Collection[str]) -> CTE:
    return values(column(of, String), name=name).data([(word,) for word in words]).cte(name)


def _select_streams(names: CTE, table: Table) -> Select[Any]:
    return select(table).join(names, names.c.stream_id == table.c.stream_id)


def _select_newest(names: CTE, table: Table, by: str, until: datetime | None) -> Select[Any]:
    """Return the rows with the greatest `by` of each stream; frames of one instant come by sequence."""
    other = table.alias()
    mine = other.c.stream_id == names.c.stream_id
    if until is not None:
        mine &= other.c[by] <= until
    newest = select(func.max(other.c[by])).where(mine).scalar_subquery()
    query = _select_streams(names, table).where(table.c[by] == newest)
    return query.order_by(table.c.sequence) if "sequence" in table.c else query


def _select_latest_verdicts(names: CTE, until: datetime | None) -> Select[Any]:
    """Return the last change of each fault: one look into the index for each stream and fault."""
    faults = _values_table("faults", "fault", list(Fault))
    table, other = tables.verdict_changes, tables.verdict_changes.alias()
    same = (other.c.stream_id == names.c.stream_id) & (other.c.fault == faults.c.fault)
    if until is not None:
        same &= other.c.at <= until
    last = select(func.max(other.c.at)).where(same).scalar_subquery()
    every = names.join(faults, true())
    pairs = select(names.c.stream_id, faults.c.fault, last.label("at")).select_from(every).subquery("pairs")
    matches = (table.c.stream_id == pairs.c.stream_id) & (table.c.fault == pairs.c.fault) & (table.c.at == pairs.c.at)
    return select(table).join(pairs, matches)


def _fetch_by_stream(connection: Connection, query: Select[Any]) -> _RowsByStream:
    rows: _RowsByStream = {}
    for row in connection.execute(query).mappings():
        rows.setdefault(row["stream_id"], []).append(row)
    return rows


def _last_row(found: _RowsByStream, stream_id: str) -> RowMapping | None:
    rows = found.get(stream_id)
    return rows[-1] if rows else None


def _latest_time(session: RowMapping | None, frame: RowMapping | None) -> datetime | None:
    times = [] if session is None else [session["last_seen_at"]]
    times += [] if frame is None else [frame["received_at"]]
    return max(times, default=None)


def _status_from_rows(session: RowMapping, frame: RowMapping | None) -> StreamStatus:
    return StreamStatus(
        stream_id=session["stream_id"],
        session_id=session["session_id"],
        sequence=session["frames_offered"] - 1,
        received_at=session["last_seen_at"],
        state=ConnectionState(session["state"]),
        reason=session["reason"],
        last_frame_at=None if frame is None else frame["received_at"],
        counters=StreamCounters(
            frames_offered=session["frames_offered"],
            frames_dropped=session["dropped_total"] - session["dropped_before"],
        ),
    )


def _order_verdicts(rows: list[RowMapping]) -> list[Verdict]:
    by_fault = {verdict.fault: verdict for verdict in decode_known(rows, verdict_from_row)}
    return [by_fault[fault] for fault in Fault if fault in by_fault]
