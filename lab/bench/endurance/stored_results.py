"""What the database holds, looked at from outside while the product writes to it."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, Select, create_engine, distinct, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from domain.errors import SightlineError
from storage.sql.schema import tables

T = TypeVar("T")
FrameKey: TypeAlias = tuple[str, str, int]
"""(camera, session, sequence): what names a frame."""
AROUND = timedelta(seconds=30)
PATIENCE_S = 120.0
"""So long may a database be restarted, full of work or cut off while it is measured."""
_ASK_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True)
class SentNotification:
    """One message of the outbox."""

    cameras: tuple[str, ...]
    headline: str
    kind: str
    incident: str
    opened_at: str


def open_sqlite_reader(path: Path) -> Engine:
    """Return a reader of a SQLite file that holds it open only while it looks."""
    return create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", poolclass=NullPool, connect_args={"timeout": 5.0})


def read_patiently(engine: Engine, read: Callable[[Connection], T], patience_s: float = PATIENCE_S) -> T:
    """Return what is read; a database that does not answer is asked again for `patience_s`.

    Raises `SightlineError` in one sentence where it does not answer in that time.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with engine.connect() as connection:
                return read(connection)
        except DBAPIError as error:
            if time.monotonic() > deadline:
                why = (str(error.orig).strip() or "no reason given").splitlines()[0]
                raise SightlineError(
                    f"the database that is measured did not answer for {patience_s:.0f} s ({why}): see whether it runs"
                ) from error
        time.sleep(_ASK_AGAIN_S)


def _read_all(engine: Engine, *queries: Select[Any]) -> list[list[tuple[Any, ...]]]:
    return read_patiently(engine, lambda connection: [list(map(tuple, connection.execute(each))) for each in queries])


def find_received(engine: Engine, windows: Iterable[tuple[datetime, datetime]]) -> dict[FrameKey, datetime]:
    """Return the frames received in any of these spans, and when; empty where the database does not answer now."""
    at = tables.frames.c.received_at
    columns = (tables.frames.c.stream_id, tables.frames.c.session_id, tables.frames.c.sequence, at)
    found: dict[FrameKey, datetime] = {}
    try:
        with engine.connect() as connection:
            for since, until in windows:
                rows = connection.execute(select(*columns).where(at >= since, at < until)).all()
                found |= {(row[0], row[1], row[2]): row[3] for row in rows}
    except DBAPIError:
        return found
    return found


@dataclass(slots=True)
class StorageLags:
    """Each frame's seconds from arrival to the look that found it committed; looks come every `every_s` at most."""

    engine: Engine
    seen: dict[FrameKey, float] = field(default_factory=dict)
    before: set[FrameKey] = field(default_factory=set)
    """Frames that are no part of the measurement: they came while the program started."""
    first_s: dict[str, float] = field(default_factory=dict)
    """When each camera's first frame was seen, monotonic seconds."""

    def look(self, presents: Iterable[datetime]) -> None:
        """Look for frames that were received around these presents: the true one, and those of clocks that step."""
        times = list(presents)
        rows = find_received(self.engine, [(present - AROUND, present + AROUND) for present in times])
        now_s = time.monotonic()
        for key, at in rows.items():
            if key not in self.seen:
                self.seen[key] = min(abs((present - at).total_seconds()) for present in times)
                self.first_s.setdefault(key[0], now_s)

    def begin(self) -> None:
        """Leave out what was seen so far."""
        self.before = set(self.seen)

    def count(self, cameras: Sequence[str]) -> int:
        """Return how many frames of these cameras were seen at all."""
        return sum(key[0] in cameras for key in self.seen)

    def of(self, cameras: Sequence[str]) -> list[float]:
        wanted = set(cameras)
        return [lag for key, lag in self.seen.items() if key[0] in wanted and key not in self.before]


@dataclass(frozen=True, slots=True)
class StoredFrameAccount:
    """One camera's frames over all its sessions; `doubled` are frames with more than one row."""

    offered: int
    stored: int
    put_aside: int
    doubled: int
    sessions: int
    overdrawn: int
    """Sessions that have stored more frames than were offered."""


def read_accounts(engine: Engine, cameras: Sequence[str]) -> Mapping[str, StoredFrameAccount]:
    """Return each camera's account as the tables hold it now."""
    frames, sessions, letters = tables.frames.c, tables.sessions.c, tables.dead_letters.c
    different = func.count(distinct(frames.sequence))
    count_stored = select(frames.stream_id, frames.session_id, func.count(), different)
    find_offered = select(sessions.stream_id, sessions.session_id, sessions.frames_offered)
    count_aside = select(letters.stream_id, func.count()).group_by(letters.stream_id)
    stored, offered, put_aside = _read_all(
        engine, count_stored.group_by(frames.stream_id, frames.session_id), find_offered, count_aside
    )
    aside = {str(row[0]): int(row[1]) for row in put_aside}
    counts = {(row[0], row[1]): int(row[2]) for row in offered}
    rows = {(row[0], row[1]): (int(row[2]), int(row[3])) for row in stored}
    return {camera: _account(camera, counts, rows, aside.get(camera, 0)) for camera in cameras}


def _account(
    camera: str,
    counts: Mapping[tuple[str, str], int],
    rows: Mapping[tuple[str, str], tuple[int, int]],
    put_aside: int,
) -> StoredFrameAccount:
    own = {session: pair for (stream, session), pair in rows.items() if stream == camera}
    offered = {session: number for (stream, session), number in counts.items() if stream == camera}
    return StoredFrameAccount(
        offered=sum(offered.values()),
        stored=sum(different for _, different in own.values()),
        put_aside=put_aside,
        doubled=sum(count - different for count, different in own.values()),
        sessions=len(offered),
        overdrawn=sum(different > offered.get(session, 0) for session, (_, different) in own.items()),
    )


def read_frame_keys(engine: Engine) -> Counter[FrameKey]:
    """Return every stored frame and how many rows it has."""
    columns = tables.frames.c
    wanted = select(columns.stream_id, columns.session_id, columns.sequence)
    (rows,) = _read_all(engine, wanted)
    return Counter((row[0], row[1], row[2]) for row in rows)


def read_messages(engine: Engine) -> list[SentNotification]:
    """Return all messages of the outbox in the order they were made."""
    columns = tables.outbox.c
    wanted = select(columns.incident, columns.kind).order_by(columns.created_at)
    (rows,) = _read_all(engine, wanted)
    return [_message(incident, str(kind)) for incident, kind in rows]


def _message(incident: Mapping[str, object], kind: str) -> SentNotification:
    members = incident.get("members")
    cameras = tuple(str(each) for each in members) if isinstance(members, list) and members else ()
    return SentNotification(
        cameras or (str(incident["stream_id"]),),
        str(incident["headline"]),
        kind,
        str(incident["incident_id"]),
        str(incident["opened_at"]),
    )


def utc_now() -> datetime:
    return datetime.now(UTC)


def count_overdrawn(engine: Engine, cameras: Sequence[str]) -> int:
    """Return how many ended sessions have stored more frames than were offered.

    Each camera's newest session is left out: its number of frames offered comes every two seconds.
    """
    sessions, frames = tables.sessions.c, tables.frames.c
    find_offered = select(sessions.stream_id, sessions.session_id, sessions.frames_offered)
    count_stored = select(frames.stream_id, frames.session_id, func.count())
    offered, stored = _read_all(
        engine,
        find_offered.order_by(sessions.started_at),
        count_stored.group_by(frames.stream_id, frames.session_id),
    )
    newest = {row[0]: row[1] for row in offered}
    rows = {(row[0], row[1]): int(row[2]) for row in stored}
    ended = [row for row in offered if row[0] in cameras and newest[row[0]] != row[1]]
    return sum(rows.get((row[0], row[1]), 0) > row[2] for row in ended)
