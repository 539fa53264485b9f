"""Which ingest process reads a camera: one holder at a time, and a token that rises with every change of holder."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, select, update

from domain.units import JudgedUnit
from storage import tables
from storage.engine import writing
from storage.upserts import insert_new


class SqlCameraLeases:
    """`CameraLeases` on SQLite or Postgres. Raises `StoreUnavailable`.

    Clocks of the holders are compared: a lease must be longer than they differ.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def acquire(self, camera: str, holder: str, *, now: datetime, ttl_s: float) -> int | None:
        with writing(self._engine) as connection:
            free = {"camera": camera, "holder": "", "token": 0, "expires_at": now}
            insert_new(connection, tables.leases, [free])
            found = _locked(connection, camera)
            if found["holder"] not in ("", holder) and found["expires_at"] > now:
                return None
            # A holder whose lease ran out may have been replaced meanwhile: it starts anew.
            same = found["holder"] == holder and found["expires_at"] > now
            token = int(found["token"]) + (0 if same else 1)
            mine = update(tables.leases).where(tables.leases.c.camera == camera)
            connection.execute(mine.values(holder=holder, token=token, expires_at=now + timedelta(seconds=ttl_s)))
            return token

    def release(self, camera: str, holder: str) -> None:
        """Keep the row, so that the next token is higher than this one."""
        with writing(self._engine) as connection:
            mine = (tables.leases.c.camera == camera) & (tables.leases.c.holder == holder)
            connection.execute(update(tables.leases).where(mine).values(holder=""))


def newest_tokens(connection: Connection, unit: JudgedUnit) -> Mapping[str, int]:
    """Return the newest token of each stream that the unit was read under a lease; nobody takes those meanwhile."""
    leased = {score.ref.stream_id for score in unit.scores if score.ref.token}
    leased |= {status.stream_id for status in unit.statuses if status.token}
    if not leased:
        return {}
    query = select(tables.leases).where(tables.leases.c.camera.in_(sorted(leased))).with_for_update(read=True)
    return {row["camera"]: int(row["token"]) for row in connection.execute(query).mappings()}


def _locked(connection: Connection, camera: str) -> RowMapping:
    query = select(tables.leases).where(tables.leases.c.camera == camera).with_for_update()
    return connection.execute(query).mappings().one()
