"""How many values a second Postgres stores idempotently, beside COPY of the same rows, which can do nothing twice."""

import io
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from sqlalchemy import text

from lab import services
from lab.bench.speed.sqlite_throughput import COLUMNS, make_batches, make_rows, time_call
from lab.services import ServiceMissing
from lab.services.databases import fresh_database
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.schema.rows import Rows
from storage.sql.score_store import SqlScoreStore

_BASELINE = (
    "CREATE TABLE baseline (stream_id text, received_at timestamptz, session_id text, sequence bigint, "
    "pts_s double precision, missing jsonb, metric_set bigint, numbers bytea, "
    "PRIMARY KEY (stream_id, received_at, session_id, sequence))"
)


def run_on_server(url: str) -> dict[str, Any]:
    """Measure on the server given, or on two started for it: one that waits for its disk, and one that does not.

    Where none can be had the answer says why.
    """
    if url:
        return run(url)
    try:
        with services.postgres() as server:
            found = run(server.address)
        with services.postgres(durable=True) as server:
            waiting = run(server.address)
    except ServiceMissing as absent:
        return {"postgres": f"not measured: {absent}"}
    names = ("postgres_values_per_s", "postgres_copy_values_per_s", "postgres_over_copy", "postgres_unit_ms_median")
    return found | {name.replace("postgres_", "postgres_durable_"): waiting[name] for name in names}


def run(url: str, *, rounds: int = 200, frames: int = 64, metrics: int = 25, streams: int = 16) -> dict[str, Any]:
    """Store batches in a database made for it on the server at `url`; medians over rounds, both sides in turn."""
    storing_s: list[float] = []
    copying_s: list[float] = []
    with fresh_database(url) as address:
        engine = open_engine(address)
        upgrade_schema(engine)
        store = SqlScoreStore(engine)
        raw = engine.raw_connection()
        raw.cursor().execute(_BASELINE)
        raw.commit()
        for batch in make_batches(rounds, frames, metrics, streams):
            lines = _lines(make_rows(batch))
            sides: list[tuple[list[float], Callable[[], object]]] = [
                (storing_s, partial(store.add, batch)),
                (copying_s, partial(_copy, raw, lines)),
            ]
            for times, act in sides if len(storing_s) % 2 else sides[::-1]:
                times.append(time_call(act))
        raw.close()
        durable = _setting(address, "fsync"), _setting(address, "synchronous_commit")
        engine.dispose()
    values = frames * metrics
    return {
        "postgres_values_per_s": values / median(storing_s),
        "postgres_copy_values_per_s": values / median(copying_s),
        "postgres_over_copy": median(copying_s) / median(storing_s),
        "postgres_unit_ms_median": median(storing_s) * 1e3,
        "postgres_fsync": durable[0],
        "postgres_synchronous_commit": durable[1],
    }


def _setting(url: str, name: str) -> str:
    engine = open_engine(url)
    with engine.connect() as connection:
        found = str(connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one())
    engine.dispose()
    return found


def _lines(rows: Rows) -> str:
    return "".join("\t".join(_field(row[name]) for name in COLUMNS) + "\n" for row in rows)


def _field(value: object) -> str:
    if isinstance(value, bytes):
        return r"\\x" + value.hex()
    return r"\N" if value is None else str(value).replace("\\", "\\\\")


def _copy(connection: Any, lines: str) -> None:
    from psycopg2 import extensions  # noqa: PLC0415 - only the extra 'cluster' has it

    # The store waits through it, and psycopg2 cannot COPY while there is one.
    callback = extensions.get_wait_callback()
    extensions.set_wait_callback(None)
    try:
        with connection.cursor() as cursor:
            cursor.copy_expert("COPY baseline FROM STDIN", io.StringIO(lines))
        connection.commit()
    finally:
        extensions.set_wait_callback(callback)
