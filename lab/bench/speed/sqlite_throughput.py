"""How many values a second are stored idempotently, beside the least SQLite can do for the same rows.

Both sides take turns within one run on one disk, in files of their own, and write the same bytes: the store from judged
frames, the baseline from rows made beforehand.
"""

import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from domain.frames import FrameRef
from domain.messages import BatchResult
from domain.metrics import FrameScores
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.schema.column_types import microseconds
from storage.sql.schema.rows import Rows, frame_rows
from storage.sql.schema.score_rows import pack_scores
from storage.sql.score_store import SqlScoreStore

_START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_END = _START + timedelta(days=1)
COLUMNS = ("stream_id", "received_at", "session_id", "sequence", "pts_s", "missing", "metric_set", "numbers")


def run(*, rounds: int = 200, frames: int = 64, metrics: int = 25, streams: int = 16) -> dict[str, Any]:
    """Store `rounds` batches of `frames` frames with `metrics` values each; medians over rounds, seconds and
    values/s.
    """
    batches = make_batches(rounds, frames, metrics, streams)
    encoding_s: list[float] = []
    storing_s: list[float] = []
    baseline_s: list[float] = []
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'store.db'}")
        upgrade_schema(engine)
        store = SqlScoreStore(engine)
        baseline = _baseline(Path(folder) / "baseline.db")
        for batch in batches:
            rows = [_plain(row) for row in make_rows(batch)]
            for timed, act in _alternate_sides(len(storing_s), store, baseline, batch, rows):
                (storing_s if timed == "store" else baseline_s).append(time_call(act))
            encoding_s.append(time_call(partial(make_rows, batch)))
        repeated_s = [time_call(partial(store.add, batch)) for batch in batches[: rounds // 4]]
        stored = sum(len(store.frames(f"camera {n}", _START, _END, limit=10**6)) for n in range(streams))
        engine.dispose()
        baseline.close()
    if stored != rounds * frames:
        raise RuntimeError(f"stored {stored} frames of {rounds * frames}")
    return {
        **_rates(frames * metrics, encoding_s, storing_s, baseline_s),
        "unit_ms_median": median(storing_s) * 1e3,
        "unit_ms_slowest": max(storing_s) * 1e3,
        "unit_again_ms_median": median(repeated_s) * 1e3,
        "rounds": rounds,
        "frames_per_transaction": frames,
        "metrics_per_frame": metrics,
        "threads": 1,
        "sqlite": sqlite3.sqlite_version,
    }


def _rates(
    values: int, encoding_s: list[float], storing_s: list[float], baseline_s: list[float]
) -> dict[str, float | str]:
    packing_share = median(encoding_s) / median(storing_s)
    sqlite_share = median(baseline_s) / median(storing_s)
    return {
        "sqlite_values_per_s": values / median(storing_s),
        "sqlite_raw_executemany_values_per_s": values / median(baseline_s),
        "sqlite_over_raw_executemany": sqlite_share,
        "packing_share": packing_share,
        "limited_by": f"the interpreter: {packing_share:.0%} of the time makes rows, {sqlite_share:.0%} is "
        "SQLite's own, the rest passes rows on; the disk is not waited for "
        "(WAL, synchronous=NORMAL)",
    }


def make_rows(batch: BatchResult) -> Rows:
    """Return the rows of `frames` that the store makes of a batch."""
    return frame_rows(batch.scores, [pack_scores(score) for score in batch.scores])


def make_batches(rounds: int, frames: int, metrics: int, streams: int) -> list[BatchResult]:
    """Return batches of scores as a worker would store them, one frame a second and stream."""
    return [_make_batch(each, frames, metrics, streams) for each in range(rounds)]


def _make_batch(number: int, frames: int, metrics: int, streams: int) -> BatchResult:
    models = {f"detector {each}": "1" for each in range(8)}
    scores = []
    for each in range(number * frames, (number + 1) * frames):
        sequence = each // streams
        ref = FrameRef(
            f"camera {each % streams}", "session", sequence, sequence / 25, _START + timedelta(seconds=sequence)
        )
        values = {f"metric_number_{metric}": (each * 37 + metric * 101) % 1009 / 7 for metric in range(metrics)}
        scores.append(FrameScores(ref, values, models=models))
    return BatchResult(scores=tuple(scores))


def _baseline(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(
        "CREATE TABLE frames (stream_id TEXT, received_at INTEGER, session_id TEXT, sequence INTEGER, pts_s REAL, "
        "missing TEXT, metric_set INTEGER, numbers BLOB, PRIMARY KEY (stream_id, received_at, session_id, sequence)) "
        "WITHOUT ROWID"
    )
    return connection


def _plain(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(microseconds(row[name]) if name == "received_at" else row[name] for name in COLUMNS)


def _insert(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)
    connection.execute("COMMIT")


def _alternate_sides(
    turn: int, store: SqlScoreStore, baseline: sqlite3.Connection, batch: BatchResult, rows: list[tuple[Any, ...]]
) -> list[tuple[str, Callable[[], object]]]:
    """Give both sides, each first in every other turn."""
    sides: list[tuple[str, Callable[[], object]]] = [
        ("store", lambda: store.add(batch)),
        ("baseline", lambda: _insert(baseline, rows)),
    ]
    return sides if turn % 2 else sides[::-1]


def time_call(act: Callable[[], Any]) -> float:
    """Return how long it takes."""
    started = perf_counter()
    act()
    return perf_counter() - started
