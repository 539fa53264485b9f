"""Postgres keeps frames in one partition a day (UTC), so that retention drops a table instead of deleting rows."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, Engine, text

from storage.sql.database.engine import write_transaction

_PREFIX = "frames_"
_PARTITION_LOCK = 0x53_69_67_70
"""Advisory lock: `IF NOT EXISTS` alone lets two workers collide at midnight."""


class FramePartitions:
    """Knows and creates the partitions that batches need."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: set[date] = set()

    @property
    def has_known(self) -> bool:
        """Whether any partition is assumed to exist."""
        return bool(self._known)

    def forget(self) -> None:
        """Assume no partition any more: tables may have been dropped, or the database replaced."""
        self._known = set()

    def missing_days(self, times: Iterable[datetime]) -> set[date]:
        """Return the days (UTC) for which no partition is known yet; on SQLite none."""
        if self._engine.dialect.name != "postgresql":
            return set()
        return {at.astimezone(UTC).date() for at in times} - self._known

    def create(self, times: Iterable[datetime]) -> None:
        """Have a partition for each time. Raises `StoreUnavailable`."""
        lacking = self.missing_days(times)
        with write_transaction(self._engine) as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PARTITION_LOCK})
            for day in sorted(lacking):
                following = day + timedelta(days=1)
                connection.exec_driver_sql(
                    f"CREATE TABLE IF NOT EXISTS {_PREFIX}{day:%Y%m%d} PARTITION OF frames "
                    f"FOR VALUES FROM ('{day}T00:00Z') TO ('{following}T00:00Z')"
                )
        self._known |= lacking


def drop_partitions_before(connection: Connection, floor: datetime) -> int:
    """Drop the partitions that end at or before `floor`; return how many rows they held."""
    names = connection.execute(
        text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'frames'::regclass")
    ).scalars()
    oldest_kept = f"{_PREFIX}{floor.astimezone(UTC):%Y%m%d}"
    rows = 0
    for name in sorted(name for name in names if name < oldest_kept):
        rows += connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
        connection.exec_driver_sql(f"DROP TABLE {name}")
    return rows
