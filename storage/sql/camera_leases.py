"""Which ingest process reads a camera: one holder at a time, and a token that rises with every change of holder.

`fence` is the oldest token that still counts. It rises to the new token where a camera was taken from a holder that
had not given it back, and which may go on sending; it stays where the last holder had sent its last word.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, Select, select, update

from domain.clocks import elapsed_s
from domain.messages import BatchResult
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.schema import tables
from storage.sql.schema.upserts import insert_new

_MAX_LEASE_LENGTHS = 4
"""A lease that ends later than so many of ours from now was not made by a clock like ours."""


class SqlCameraLeases:
    """`CameraLeases` on SQLite or Postgres. Raises `StoreUnavailable`.

    Clocks of the holders are compared: a lease must be longer than they differ.
    """

    def __init__(self, engine: Engine, *, elapsed: Callable[[], float] = elapsed_s) -> None:
        self._engine = engine
        self._elapsed = elapsed
        self._overlong: dict[str, tuple[datetime, float]] = {}

    def acquire(self, camera: str, holder: str, *, now: datetime, ttl_s: float) -> int | None:
        with write_transaction(self._engine) as connection:
            free = {"camera": camera, "holder": "", "token": 0, "expires_at": now, "fence": 0}
            insert_new(connection, tables.leases, [free])
            lease = _lock_lease(connection, camera)
            if lease["holder"] not in ("", holder) and self._runs(camera, lease["expires_at"], now, ttl_s):
                return None
            token, fence = int(lease["token"]), int(lease["fence"])
            if lease["holder"] != holder:
                token += 1
            if lease["holder"] not in ("", holder):
                fence = token
            mine = update(tables.leases).where(tables.leases.c.camera == camera)
            until = now + timedelta(seconds=ttl_s)
            connection.execute(mine.values(holder=holder, token=token, fence=fence, expires_at=until))
            return token

    def _runs(self, camera: str, expires_at: datetime, now: datetime, ttl_s: float) -> bool:
        """Return whether another's lease still counts.

        One that runs far longer than a lease can was made by a wrong clock: it counts while it is renewed.
        """
        if expires_at <= now + timedelta(seconds=_MAX_LEASE_LENGTHS * ttl_s):
            self._overlong.pop(camera, None)
            return expires_at > now
        seen = self._overlong.get(camera)
        if seen is None or seen[0] != expires_at:
            self._overlong[camera] = (expires_at, self._elapsed())
            return True
        return self._elapsed() - seen[1] < ttl_s

    def release(self, camera: str, holder: str) -> None:
        """Keep the row, so that the next token is higher than this one."""
        with write_transaction(self._engine) as connection:
            mine = (tables.leases.c.camera == camera) & (tables.leases.c.holder == holder)
            connection.execute(update(tables.leases).where(mine).values(holder=""))

    def fences(self, cameras: Collection[str]) -> Mapping[str, int]:
        if not cameras:
            return {}
        with read_transaction(self._engine) as connection:
            return _fetch_fences(connection, _select_fences(cameras))


def lock_fences(connection: Connection, result: BatchResult) -> Mapping[str, int]:
    """Return the fence of each stream that was read under a lease; it is locked until the transaction ends."""
    leased = {score.ref.stream_id for score in result.scores if score.ref.token}
    leased |= {status.stream_id for status in result.statuses if status.token}
    return _fetch_fences(connection, _select_fences(leased).with_for_update(read=True)) if leased else {}


def _select_fences(cameras: Collection[str]) -> Select[tuple[str, int]]:
    table = tables.leases
    return select(table.c.camera, table.c.fence).where(table.c.camera.in_(sorted(cameras)))


def _fetch_fences(connection: Connection, query: Select[tuple[str, int]]) -> Mapping[str, int]:
    return {row["camera"]: int(row["fence"]) for row in connection.execute(query).mappings()}


def _lock_lease(connection: Connection, camera: str) -> RowMapping:
    query = select(tables.leases).where(tables.leases.c.camera == camera).with_for_update()
    return connection.execute(query).mappings().one()
