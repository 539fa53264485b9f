"""Whether every frame offered is accounted for: rows of the database against what ingest counted.

The database is read by plain SQL of its own, not through the store that wrote it.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from domain.cameras import StreamStatus


@dataclass(frozen=True, slots=True)
class FrameAccounting:
    """One camera's account over all its sessions. `put_aside` are dead letters: offered, and not scored."""

    offered: int
    stored: int
    dropped: int
    put_aside: int
    sessions: int
    wrong: tuple[str, ...] = ()

    def figures(self) -> dict[str, object]:
        return {
            "offered": self.offered,
            "stored": self.stored,
            "dropped": self.dropped,
            "put_aside": self.put_aside,
            "sessions": self.sessions,
        }


def account_frames(database: Path, statuses: Mapping[str, StreamStatus]) -> Mapping[str, FrameAccounting]:
    """Return each camera's account by its final status; a database that is open elsewhere may be read too."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        return {name: _account(connection, name, status) for name, status in statuses.items()}


def _account(connection: sqlite3.Connection, name: str, status: StreamStatus) -> FrameAccounting:
    rows = connection.execute(
        "SELECT session_id, COUNT(*), COUNT(DISTINCT sequence), MAX(sequence) FROM frames"
        " WHERE stream_id = ? GROUP BY session_id",
        (name,),
    ).fetchall()
    by_session = dict(
        connection.execute("SELECT session_id, frames_offered FROM sessions WHERE stream_id = ?", (name,)).fetchall()
    )
    (put_aside,) = connection.execute("SELECT COUNT(*) FROM dead_letters WHERE stream_id = ?", (name,)).fetchone()
    stored = sum(count for _, count, _, _ in rows)
    counters = status.counters
    found = FrameAccounting(counters.frames_offered, stored, counters.frames_dropped, put_aside, len(by_session))
    wrong = []
    if found.offered != found.stored + found.dropped:
        wrong.append(f"{found.offered} frames offered, {found.stored} stored and {found.dropped} dropped")
    if found.put_aside:
        wrong.append(f"{found.put_aside} frames put aside")
    if not found.stored:
        wrong.append("no frame stored")
    if sum(by_session.values()) != found.offered:
        wrong.append(f"its sessions offered {sum(by_session.values())} frames, the camera {found.offered}")
    for session, count, distinct, last in rows:
        if count != distinct or last >= by_session.get(session, 0):
            wrong.append(f"session {session}: {count} rows of {distinct} frames, the last number {last}")
    return FrameAccounting(found.offered, found.stored, found.dropped, found.put_aside, found.sessions, tuple(wrong))
