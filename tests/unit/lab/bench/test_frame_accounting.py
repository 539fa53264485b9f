"""Accounts that do not close are told, each in its way."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from lab.bench.frame_accounting import account_frames

Rows = list[tuple[str, int]]


def database(path: Path, frames: Rows, offered: dict[str, int], put_aside: int = 0) -> Path:
    """Write the three tables that are asked: frames as (session, sequence), sessions as offered frames."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE frames (stream_id, session_id, sequence)")
        connection.execute("CREATE TABLE sessions (stream_id, session_id, frames_offered)")
        connection.execute("CREATE TABLE dead_letters (stream_id)")
        connection.executemany("INSERT INTO frames VALUES ('gate', ?, ?)", frames)
        connection.executemany("INSERT INTO sessions VALUES ('gate', ?, ?)", list(offered.items()))
        connection.executemany("INSERT INTO dead_letters VALUES (?)", [("gate",)] * put_aside)
    return path


def status(offered: int, dropped: int) -> StreamStatus:
    counters = StreamCounters(frames_offered=offered, frames_dropped=dropped)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return StreamStatus("gate", "b", 0, at, ConnectionState.LIVE, counters=counters)


def test_two_sessions_and_a_counted_drop_close(tmp_path: Path) -> None:
    path = database(tmp_path / "s.db", [("a", 0), ("a", 2), ("b", 0)], {"a": 3, "b": 1})
    account = account_frames(path, {"gate": status(offered=4, dropped=1)})["gate"]
    assert account.wrong == ()
    assert account.figures() == {"offered": 4, "stored": 3, "dropped": 1, "put_aside": 0, "sessions": 2}


@pytest.mark.parametrize(
    ("frames", "offered", "told", "word"),
    [
        ([("a", 0)], {"a": 2}, (2, 0), "2 frames offered, 1 stored and 0 dropped"),
        ([("a", 0), ("a", 0)], {"a": 2}, (2, 0), "2 rows of 1 frames"),
        ([("a", 0), ("a", 2)], {"a": 2}, (2, 0), "the last number 2"),
        ([("a", 0), ("a", 1)], {"a": 1}, (2, 0), "its sessions offered 1 frames, the camera 2"),
        ([], {}, (0, 0), "no frame stored"),
    ],
)
def test_what_does_not_close_is_reported(
    tmp_path: Path, frames: Rows, offered: dict[str, int], told: tuple[int, int], word: str
) -> None:
    path = database(tmp_path / "s.db", frames, offered)
    assert word in " / ".join(account_frames(path, {"gate": status(*told)})["gate"].wrong)


def test_a_frame_put_aside_is_reported(tmp_path: Path) -> None:
    path = database(tmp_path / "s.db", [("a", 0)], {"a": 2}, put_aside=1)
    assert "1 frames put aside" in account_frames(path, {"gate": status(2, 1)})["gate"].wrong
