"""Time in each state, written with the scores: spans that a repeat of the same batch neither adds nor moves.

What is stored of a camera reaches up to one instant; of what comes again only the part after it is new.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, String, column, delete, func, select, update, values

from domain.baselines import LightMode
from domain.errors import StoreUnavailable
from domain.verdict_time import TimeState, VerdictSpan, split_at_midnights
from storage.sql.schema import tables
from storage.sql.schema.upserts import Row, insert_new, move_times


class SpanWriter:
    """Writes spans within the scores' transaction, and remembers each camera's last one, so that none is read again.

    What it remembers is checked against the database at every write: another worker may have written meanwhile.
    """

    def __init__(self) -> None:
        self._last: dict[str, VerdictSpan] = {}

    def forget(self) -> None:
        """Take nothing for granted: the database may be another one now."""
        self._last = {}

    def keep(self, last: Mapping[str, VerdictSpan]) -> None:
        """Remember what `add` returned, once its transaction is committed."""
        self._last.update(last)

    def add(
        self, connection: Connection, spans: Sequence[VerdictSpan], ahead: datetime | None
    ) -> Mapping[str, VerdictSpan]:
        """Store what is new of the spans, each camera's oldest first; return the last span of each camera.

        What is there beyond `ahead` was written by a clock that was wrong: it gives way.
        """
        by_camera: dict[str, list[VerdictSpan]] = {}
        for span in spans:
            by_camera.setdefault(span.stream_id, []).append(span)
        cached = {name: self._last[name] for name in by_camera if name in self._last}
        unknown = by_camera.keys() - cached.keys()
        last = cached | (last_spans(connection, unknown, lock=True) if unknown else {})
        written = _write(connection, by_camera, last, ahead)
        if written is None:
            written = _write(connection, by_camera, last_spans(connection, by_camera, lock=True), ahead)
        if written is None:
            raise StoreUnavailable("another worker writes the time of the same cameras; trying again")
        return written


def _write(
    connection: Connection,
    by_camera: Mapping[str, Sequence[VerdictSpan]],
    known: Mapping[str, VerdictSpan],
    ahead: datetime | None,
) -> Mapping[str, VerdictSpan] | None:
    """Write what is new after the last spans known; None where one of these is not as the database has it."""
    last = dict(known)
    if ahead is not None:
        for name in [name for name, span in last.items() if span.until > ahead]:
            last.pop(name)
            kept = _cut_back(connection, name, by_camera[name][0].since)
            last |= {} if kept is None else {name: kept}
    longer: list[tuple[Row, datetime, datetime]] = []
    new: list[VerdictSpan] = []
    after = dict(last)
    for name, found in by_camera.items():
        before = last.get(name)
        prolonged, begun = new_spans(before, found)
        if before is not None:
            until = before.until if prolonged is None else prolonged.until
            longer.append(({"stream_id": name, "began_at": before.since}, before.until, until))
        new += begun
        now = begun[-1] if begun else prolonged
        after |= {} if now is None else {name: now}
    if move_times(connection, tables.verdict_time, "ended_at", longer) != len(longer):
        return None
    insert_new(connection, tables.verdict_time, span_rows(new))
    return after


def new_spans(
    last: VerdictSpan | None, spans: Iterable[VerdictSpan]
) -> tuple[VerdictSpan | None, Sequence[VerdictSpan]]:
    """Return the stored last span where it became longer, and the new spans, without what was stored already. Pure."""
    joined: list[VerdictSpan] = [] if last is None else [last]
    for span in spans:
        for part in split_at_midnights(span):
            known_until = joined[-1].until if joined else part.since
            fresh = part if part.since >= known_until else replace(part, since=known_until)
            if fresh.since >= fresh.until:
                continue
            if joined and fresh.continues(joined[-1]):
                joined[-1] = replace(joined[-1], until=fresh.until)
            else:
                joined.append(fresh)
    if last is None:
        return None, joined
    return (joined[0] if joined[0].until > last.until else None), joined[1:]


def span_rows(spans: Iterable[VerdictSpan]) -> list[dict[str, Any]]:
    return [
        {
            "stream_id": span.stream_id,
            "began_at": span.since,
            "ended_at": span.until,
            "state": span.state.value,
            "cause": str(span.cause),
            "light": "" if span.light is None else span.light.value,
        }
        for span in spans
    ]


def last_spans(connection: Connection, names: Iterable[str], *, lock: bool = False) -> dict[str, VerdictSpan]:
    """Return the last span of each camera: one look at the end of its part of the primary key."""
    table, other = tables.verdict_time, tables.verdict_time.alias()
    asked = values(column("stream_id", String), name="asked").data([(name,) for name in sorted(names)]).cte("asked")
    newest = select(func.max(other.c.began_at)).where(other.c.stream_id == asked.c.stream_id).scalar_subquery()
    found = select(table).join(asked, asked.c.stream_id == table.c.stream_id).where(table.c.began_at == newest)
    query = found.with_for_update(of=table) if lock else found
    return {row["stream_id"]: _span(row) for row in connection.execute(query).mappings()}


def spans_between(
    connection: Connection, name: str, stretch: tuple[datetime, datetime], limit: int
) -> list[VerdictSpan]:
    """Return the latest `limit` spans of a camera that touch the stretch, oldest first."""
    table, (since, until) = tables.verdict_time, stretch
    # No span is longer than a day, so that the primary key bounds the search on both sides.
    near = table.c.began_at.between(since - timedelta(days=1), until)
    touching = (table.c.stream_id == name, near, table.c.began_at < until, table.c.ended_at > since)
    query = select(table).where(*touching).order_by(table.c.began_at.desc()).limit(limit)
    return [_span(row) for row in connection.execute(query).mappings()][::-1]


def _cut_back(connection: Connection, name: str, to: datetime) -> VerdictSpan | None:
    """Take back what was written of a camera after an instant; return its last span then."""
    table = tables.verdict_time
    own = table.c.stream_id == name
    connection.execute(delete(table).where(own, table.c.began_at >= to))
    connection.execute(update(table).where(own, table.c.ended_at > to).values(ended_at=to))
    return last_spans(connection, [name]).get(name)


def _span(row: RowMapping) -> VerdictSpan:
    light = LightMode(row["light"]) if row["light"] else None
    state = TimeState(row["state"])
    return VerdictSpan(row["stream_id"], row["began_at"], row["ended_at"], state, row["cause"], light)
