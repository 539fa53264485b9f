"""Scores and verdicts over time: the result of a batch is stored in one idempotent transaction, and read back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Float, RowMapping, cast, func, select
from sqlalchemy.exc import IntegrityError

from domain.clocks import BACKWARD_TOLERANCE, CLOCK_SKEW, FUTURE_TOLERANCE
from domain.errors import StoreUnavailable
from domain.frames import FrameRef
from domain.messages import BatchResult, DeadLetter, StreamSnapshot, VerdictChange, is_overtaken
from domain.metrics import FrameScores
from domain.ports import Clock
from domain.records import Resolution, ScorePoint, StoredScores
from domain.retention import Retention
from domain.verdict_time import VerdictSpan
from storage.sql.camera_leases import lock_fences
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.dropped_frames import dropped_frame_rows
from storage.sql.incident_rows import store_incidents, verdict_from_row
from storage.sql.known_rows import decode_known
from storage.sql.latest_snapshots import read_latest_snapshots
from storage.sql.lifecycle.partitions import FramePartitions
from storage.sql.lifecycle.retention import advance_retention_time, delete_expired_rows, read_raw_floor
from storage.sql.lifecycle.rollups import fold_marked_minutes
from storage.sql.schema import rows, tables
from storage.sql.schema.score_rows import (
    StoredMetricSet,
    pack_scores,
    read_metric_sets,
    row_values,
    unpack_number,
)
from storage.sql.schema.upserts import insert_mostly_new, insert_new, insert_or_lock, raise_numbers, replace_older
from storage.sql.verdict_time import SpanWriter, spans_between

_MAX_AHEAD = timedelta(days=1)


class SqlScoreStore:
    """`ScoreStore` on SQLite or Postgres.

    Frames older than the raw retention already deleted, or more than a day ahead of `clock` where one is given, go
    to the dead letter with the reason; so do frames of an ingest process whose lease another one has taken.
    """

    def __init__(self, engine: Engine, *, retention: Retention | None = None, clock: Clock | None = None) -> None:
        self._engine = engine
        self._retention = retention or Retention()
        self._clock = clock
        self._partitions = FramePartitions(engine)
        self._model_sets: set[str] = set()
        self._metric_sets: set[int] = set()
        self._days: set[tuple[datetime, str]] = set()
        self._spans = SpanWriter()
        self._pool = engine.pool

    def add(self, result: BatchResult) -> tuple[DeadLetter, ...]:
        now = None if self._clock is None else self._clock.now()
        if self._pool is not self._engine.pool:
            self._forget_cached_schema()
        try:
            return self._store_batch(result, now)
        except StoreUnavailable:
            self._forget_cached_schema()
            raise
        except IntegrityError as error:
            # A partition that was there is not any more (check_violation): it is made at the next attempt.
            if getattr(error.orig, "pgcode", None) != "23514" or not self._partitions.has_known:
                raise
            self._forget_cached_schema()
            raise StoreUnavailable("a partition of the database is gone; it is made again") from error

    def _forget_cached_schema(self) -> None:
        """Forget what is cached of a database that may be another one now."""
        self._pool = self._engine.pool
        self._partitions.forget()
        self._model_sets = set()
        self._metric_sets = set()
        self._days = set()
        self._spans.forget()

    def _store_batch(self, result: BatchResult, now: datetime | None) -> tuple[DeadLetter, ...]:
        self._make_room(result, now)
        with write_transaction(self._engine) as connection:
            fences = lock_fences(connection, result)
            late = self._reject_outside(connection, result.scores, now)
            refused = (*late, *rows.reject_stale_leases(result.scores, fences))
            letters = (*result.dead_letters, *refused)
            scores = rows.exclude_rejected(result.scores, letters)
            packed = [pack_scores(score) for score in scores]
            models = [row for row in rows.model_set_rows(scores) if row["id"] not in self._model_sets]
            sets = [row for row in rows.metric_set_rows(packed) if row["id"] not in self._metric_sets]
            model_days = [
                row for row in rows.model_day_rows(scores) if (row["day"], row["model_set"]) not in self._days
            ]
            insert_new(connection, tables.dead_letters, rows.dead_letter_rows(letters))
            insert_new(connection, tables.model_sets, models)
            insert_new(connection, tables.model_days, model_days)
            insert_new(connection, tables.metric_sets, sets)
            insert_mostly_new(connection, tables.frames, rows.frame_rows(scores, packed))
            insert_or_lock(connection, tables.unfolded, rows.minute_rows(scores))
            insert_new(connection, tables.dropped_frames, dropped_frame_rows(result.dropped))
            _store_evaluation(connection, result, fences, None if now is None else now + CLOCK_SKEW)
            # Spans reach as far ahead of the clock as observations may.
            ahead = None if now is None else now + BACKWARD_TOLERANCE + CLOCK_SKEW
            last = self._spans.add(connection, result.spans, ahead)
            raise_numbers(connection, tables.sessions, "frames_offered", rows.offered_rows(result, letters))
        self._spans.keep(last)
        self._model_sets |= {row["id"] for row in models}
        self._metric_sets |= {row["id"] for row in sets}
        self._days |= {(row["day"], row["model_set"]) for row in model_days}
        return refused

    def _reject_outside(
        self, connection: Connection, scores: Iterable[FrameScores], now: datetime | None
    ) -> tuple[DeadLetter, ...]:
        if now is None:
            return rows.reject_outside_window(scores, read_raw_floor(connection), None)
        return rows.reject_outside_window(
            scores, read_raw_floor(connection, self._retention.raw_floor(now)), now + _MAX_AHEAD
        )

    def _make_room(self, result: BatchResult, now: datetime | None) -> None:
        """Make the partitions of days met for the first time, in a transaction of its own."""
        days = self._partitions.missing_days(score.ref.received_at for score in result.scores)
        if days:
            with read_transaction(self._engine) as connection:
                late = self._reject_outside(connection, result.scores, now)
            self._partitions.create(score.ref.received_at for score in rows.exclude_rejected(result.scores, late))

    def frames(self, stream_id: str, since: datetime, until: datetime, *, limit: int = 1000) -> Sequence[StoredScores]:
        table, models = tables.frames, tables.model_sets
        query = (
            select(table, models.c.models)
            .join(models, models.c.id == table.c.model_set, isouter=True)
            .where(_frame_window(stream_id, since, until))
            .order_by(table.c.received_at, table.c.session_id, table.c.sequence)
            .limit(limit)
        )
        with read_transaction(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            sets = read_metric_sets(connection, (row["metric_set"] for row in rows))
        return [_stored_scores(row, sets) for row in rows]

    def verdict_spans(
        self, stream_id: str, since: datetime, until: datetime, *, limit: int = 1000
    ) -> Sequence[VerdictSpan]:
        with read_transaction(self._engine) as connection:
            return spans_between(connection, stream_id, (since, until), limit)

    def history(
        self, stream_id: str, metric: str, since: datetime, until: datetime, resolution: Resolution
    ) -> Sequence[ScorePoint]:
        with read_transaction(self._engine) as connection:
            if resolution is Resolution.FRAME:
                return _frame_points(connection, stream_id, metric, since, until)
            table = tables.rollups
            query = (
                select(table)
                .where(table.c.stream_id == stream_id, table.c.resolution == resolution, table.c.metric == metric)
                .where(table.c.at >= since, table.c.at < until)
                .order_by(table.c.at)
            )
            return [
                ScorePoint(row["at"], row["mean"], row["low"], row["high"], row["frames"])
                for row in connection.execute(query).mappings()
            ]

    def verdict_changes(self, stream_id: str, since: datetime, until: datetime) -> Sequence[VerdictChange]:
        table = tables.verdict_changes
        query = (
            select(table)
            .where(table.c.stream_id == stream_id, table.c.at >= since, table.c.at < until)
            .order_by(table.c.at, table.c.fault)
        )
        with read_transaction(self._engine) as connection:
            return decode_known(connection.execute(query).mappings(), _verdict_change)

    def dead_letters(self, *, limit: int = 100) -> Sequence[DeadLetter]:
        """Return dead letters, the latest first."""
        table = tables.dead_letters
        with read_transaction(self._engine) as connection:
            rows = connection.execute(select(table).order_by(table.c.received_at.desc()).limit(limit)).mappings()
            return [DeadLetter(**row) for row in rows]

    def latest(self, stream_ids: Collection[str]) -> Mapping[str, StreamSnapshot]:
        with read_transaction(self._engine) as connection:
            return read_latest_snapshots(
                connection, stream_ids, None if self._clock is None else self._clock.now() + FUTURE_TOLERANCE
            )

    def roll_up(self, now: datetime) -> int:
        """Fold the minutes with new or late frames again, whole; `now` is not asked: the frames say their time."""
        return fold_marked_minutes(self._engine)

    def retain(self, now: datetime) -> Mapping[str, int]:
        """Fold first, then delete; frames go by whole days (UTC).

        With a clock of its own the store believes `now` no further than its rows and its last pass make it likely
        (`storage.sql.lifecycle.retention.retention_time`).
        """
        fold_marked_minutes(self._engine)
        until = now if self._clock is None else advance_retention_time(self._engine, now)
        return delete_expired_rows(self._engine, self._retention, until)


def _store_evaluation(
    connection: Connection, result: BatchResult, fences: Mapping[str, int], ahead: datetime | None
) -> None:
    statuses = [status for status in result.statuses if not is_overtaken(status.token, fences.get(status.stream_id, 0))]
    replace_older(
        connection,
        tables.sessions,
        rows.session_rows(statuses),
        by="last_seen_at",
        keep=("started_at", "dropped_before"),
        rising=("frames_offered",),
        ahead=ahead,
    )
    replace_older(connection, tables.verdict_changes, rows.verdict_rows(result.verdicts), by="at")
    replace_older(connection, tables.alerts, rows.alert_rows(result.alerts), by="updated_at", ahead=ahead)
    insert_new(connection, tables.transitions, rows.transition_rows(result.transitions))
    replace_older(connection, tables.baselines, rows.baseline_rows(result.baselines), by="updated_at", ahead=ahead)
    store_incidents(connection, rows.incident_rows(result.incidents), rows.outbox_rows(result.outbox), ahead)


def _frame_window(stream_id: str, since: datetime, until: datetime) -> ColumnElement[bool]:
    table = tables.frames
    return (table.c.stream_id == stream_id) & (table.c.received_at >= since) & (table.c.received_at < until)


def _frame_points(
    connection: Connection, stream_id: str, metric: str, since: datetime, until: datetime
) -> list[ScorePoint]:
    """Return a metric of each frame that has it; of rows from before metric sets, from their JSON document."""
    table = tables.frames
    value: ColumnElement[Any] = func.jsonb_extract_path_text(table.c.scores, metric)
    if connection.dialect.name == "sqlite":
        # A quotation mark cannot be written in SQLite's JSON paths, and no metric has one.
        value = func.json_extract(table.c.scores, '$."' + metric.replace('"', "") + '"')
    number = cast(value, Float)
    has_number = value.is_not(None) | table.c.numbers.is_not(None)
    query = select(table.c.received_at, number, table.c.metric_set, table.c.numbers).where(
        _frame_window(stream_id, since, until), has_number
    )
    rows = connection.execute(query.order_by(table.c.received_at, table.c.session_id, table.c.sequence)).all()
    sets = read_metric_sets(connection, {row.metric_set for row in rows})
    places = {set_id: each.metrics.index(metric) for set_id, each in sets.items() if metric in each.metrics}
    values = [
        (row.received_at, float(row[1]) if row.numbers is None else unpack_number(row.numbers, places[row.metric_set]))
        for row in rows
        if row.numbers is None or row.metric_set in places
    ]
    return [ScorePoint(at, value, value, value, 1) for at, value in values]


def _stored_scores(row: RowMapping, sets: Mapping[int, StoredMetricSet]) -> StoredScores:
    ref = FrameRef(row["stream_id"], row["session_id"], row["sequence"], row["pts_s"], row["received_at"])
    missing, models = row["missing"] or {}, row["models"] or {}
    if row["numbers"] is not None:
        common = sets[row["metric_set"]]
        missing, models = {**common.missing, **missing}, common.models
    return StoredScores(ref, row_values(row, sets), missing, models)


def _verdict_change(row: RowMapping) -> VerdictChange | None:
    verdict = verdict_from_row(row)
    return None if verdict is None else VerdictChange(row["stream_id"], verdict, row["at"])
