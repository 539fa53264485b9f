"""Whether the cluster kept its promises over one run: what was taken and what was due, against what the tables hold.

The tables are read by plain SQL of its own, not through the store that wrote them. `find_broken_promises` is pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

from domain.faults import Fault
from lab.bench.cluster.camera_feed import FrameKey
from lab.bench.cluster.scenario import CameraScenario

_SHOWN = 5
_SLACK_S = 2.0
"""Clocks of the script and of the frames differ by the time that sending takes."""


@dataclass(frozen=True, slots=True)
class IncidentDelivery:
    """One incident, and how often its begin and its end were put into the outbox, under whatever key."""

    camera: str
    headline: str
    opened_at: datetime
    firing: int
    resolved: int


@dataclass(frozen=True, slots=True)
class StoredRows:
    """What is stored. `frames` gives how many rows each frame has."""

    frames: Mapping[FrameKey, int]
    put_aside: int = 0
    deliveries: Sequence[IncidentDelivery] = ()


def read_rows(engine: Engine) -> StoredRows:
    """Return what the tables hold now."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT stream_id, session_id, sequence, count(*) FROM frames GROUP BY 1, 2, 3")
        ).all()
        put_aside = connection.execute(text("SELECT count(*) FROM dead_letters")).scalar_one()
        return StoredRows({(row[0], row[1], row[2]): row[3] for row in rows}, put_aside, _read_deliveries(connection))


def _read_deliveries(connection: Connection) -> list[IncidentDelivery]:
    rows = connection.execute(
        text(
            "SELECT i.stream_id, i.document->>'headline', i.opened_at,"
            " count(*) FILTER (WHERE o.kind = 'firing'), count(*) FILTER (WHERE o.kind = 'resolved')"
            " FROM incidents i LEFT JOIN outbox o ON o.incident->>'incident_id' = i.incident_id"
            " GROUP BY 1, 2, 3 ORDER BY 3"
        )
    ).all()
    return [IncidentDelivery(*row) for row in rows]


def find_broken_promises(
    accepted: Collection[FrameKey],
    tables: StoredRows,
    parts: Sequence[CameraScenario],
    began_at: datetime,
    *,
    cleared: bool = True,
) -> list[str]:
    """Return every promise not kept, in words; `cleared`: the end of each alert is due as well."""
    due = set(accepted)
    lost = due - tables.frames.keys()
    uninvited = tables.frames.keys() - due
    doubled = [key for key, rows in tables.frames.items() if rows > 1]
    wrong = [
        *_name_frames("lost", lost),
        *_name_frames("stored but never taken", uninvited),
        *_name_frames("doubled", doubled),
    ]
    if tables.put_aside:
        wrong.append(f"{tables.put_aside} frames put aside")
    for part in parts:
        wrong += _find_wrong_deliveries(
            part, [each for each in tables.deliveries if each.camera == part.camera], began_at, cleared
        )
    return wrong


def _name_frames(what: str, keys: Collection[FrameKey]) -> list[str]:
    if not keys:
        return []
    some = ", ".join(f"{stream} {sequence}" for stream, _, sequence in sorted(keys)[:_SHOWN])
    return [f"{len(keys)} frames {what}: {some}"]


def _find_wrong_deliveries(
    part: CameraScenario, deliveries: Sequence[IncidentDelivery], began_at: datetime, cleared: bool
) -> list[str]:
    """Return what is wrong with one camera's alerts: its fault once, by its name, while it lasted; nothing else."""
    fitting = [each for each in deliveries if part.fault is not None and _fits(each, part, began_at)]
    wrong = [
        f"{part.camera}: announced as {each.headline} after {(each.opened_at - began_at).total_seconds():.0f} s "
        "and not due"
        for each in deliveries
        if each not in fitting
    ]
    if part.fault is None:
        return wrong
    if len(fitting) != 1:
        return [*wrong, f"{part.camera}: {part.fault} is {len(fitting)} incidents instead of one"]
    (incident,) = fitting
    if incident.firing != 1:
        wrong.append(f"{part.camera}: {part.fault} announced {incident.firing} times instead of once")
    if cleared and incident.resolved != 1:
        wrong.append(f"{part.camera}: the end of {part.fault} announced {incident.resolved} times instead of once")
    return wrong


def _fits(delivery: IncidentDelivery, part: CameraScenario, began_at: datetime) -> bool:
    earliest = began_at + timedelta(seconds=part.from_s - _SLACK_S)
    latest = began_at + timedelta(seconds=part.until_s + _SLACK_S)
    return (
        part.fault is not None and Fault(delivery.headline) is part.fault and earliest <= delivery.opened_at <= latest
    )
