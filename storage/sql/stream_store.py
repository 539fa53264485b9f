"""Cameras, their sessions, and who changed what. Every change of a camera is audited and raises the revision."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, delete, func, select, update

from domain.access import EVERY_CAMERA, AccessScope
from domain.camera_changes import CameraAction, CameraChange, CameraEdit, refuse_later_change
from domain.cameras import Camera, ConnectionState
from domain.records import AuditEntry, StreamSession
from storage.sql.audit_rows import audit_from_row
from storage.sql.camera_rows import camera_from_row, read_camera, read_change, read_changes, record_change, store_camera
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.dropped_frames import count_dropped_frames
from storage.sql.incident_rows import resolve_incidents
from storage.sql.schema import tables
from storage.sql.schema.column_types import add_seconds
from storage.sql.schema.upserts import replace_older

_AFTER_LAST_STATUS_S = 600


class SqlStreamStore:
    """`StreamStore` on SQLite or Postgres. Every method raises `StoreUnavailable` while the database is unavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cameras(self) -> Sequence[Camera]:
        with read_transaction(self._engine) as connection:
            rows = connection.execute(select(tables.cameras).order_by(tables.cameras.c.name)).mappings()
            return [camera_from_row(row) for row in rows]

    def camera(self, name: str) -> Camera | None:
        with read_transaction(self._engine) as connection:
            return read_camera(connection, name)

    def put_camera(self, camera: Camera, *, by: str, at: datetime) -> None:
        with write_transaction(self._engine) as connection:
            before = read_camera(connection, camera.name, lock=True)
            _store(connection, before, camera, by=by, at=at, action=CameraAction.PUT)

    def add_camera(self, camera: Camera, *, by: str, at: datetime) -> bool:
        with write_transaction(self._engine) as connection:
            if read_camera(connection, camera.name, lock=True) is not None:
                return False
            _store(connection, None, camera, by=by, at=at, action=CameraAction.ADD)
            return True

    def edit_camera(
        self, name: str, edit: CameraEdit, *, by: str, at: datetime, action: str = "", last_change: int | None = None
    ) -> Camera | None:
        with write_transaction(self._engine) as connection:
            before = read_camera(connection, name, lock=True)
            if before is None:
                return None
            if last_change is not None:
                refuse_later_change(read_changes(connection, name, 1), last_change)
            after = edit(before)
            if after != before:
                _store(connection, before, after, by=by, at=at, action=action or CameraAction.EDIT)
            return after

    def remove_camera(self, name: str, *, by: str, at: datetime) -> bool:
        """Retire a camera: its alerts and baselines are removed, and its open incidents are resolved and notified."""
        with write_transaction(self._engine) as connection:
            camera = read_camera(connection, name, lock=True)
            if camera is None:
                return False
            connection.execute(delete(tables.cameras).where(tables.cameras.c.name == name))
            _note_watching(connection, name, at, (False, camera.site, camera.group))
            for table in (tables.alerts, tables.baselines):
                connection.execute(delete(table).where(table.c.stream_id == name))
            resolve_incidents(connection, name, at)
            record_change(connection, camera, None, by=by, at=at, action=CameraAction.REMOVE)
            return True

    def accept_view(self, name: str, *, by: str, at: datetime) -> bool:
        with write_transaction(self._engine) as connection:
            before = read_camera(connection, name, lock=True)
            if before is None:
                return False
            accept = update(tables.cameras).where(tables.cameras.c.name == name)
            connection.execute(accept.values(accepted_at=at, accepted_by=by))
            record_change(connection, before, before, by=by, at=at, action=CameraAction.ACCEPT)
            return True

    def camera_changes(
        self, name: str | None = None, *, limit: int = 100, scope: AccessScope = EVERY_CAMERA
    ) -> Sequence[CameraChange]:
        with read_transaction(self._engine) as connection:
            return read_changes(connection, name, limit, scope)

    def camera_change(self, change_id: int) -> CameraChange | None:
        with read_transaction(self._engine) as connection:
            return read_change(connection, change_id)

    def settings_digests(self) -> Mapping[str, str]:
        table = tables.settings_cameras
        with read_transaction(self._engine) as connection:
            return {row.name: row.digest for row in connection.execute(select(table.c.name, table.c.digest))}

    def note_settings(self, name: str, digest: str) -> None:
        with write_transaction(self._engine) as connection:
            replace_older(connection, tables.settings_cameras, [{"name": name, "digest": digest}], by="name")

    def revision(self) -> int:
        with read_transaction(self._engine) as connection:
            query = select(tables.counters.c.number).where(tables.counters.c.name == "cameras")
            return int(connection.execute(query).scalar_one())

    def sessions(self, stream_id: str, *, limit: int = 100) -> Sequence[StreamSession]:
        """Return sessions, the latest first."""
        table = tables.sessions
        query = select(table).where(table.c.stream_id == stream_id).order_by(table.c.started_at.desc()).limit(limit)
        with read_transaction(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            dropped = count_dropped_frames(connection, stream_id, [row["session_id"] for row in rows])
            return [_session(row, dropped.get(row["session_id"], 0)) for row in rows]

    def repair_offered(self) -> int:
        """Have no session with more frames stored than offered; return how many had. Those of a killed process did.

        Units stored by this version keep to it themselves (`storage.sql.schema.rows.offered_rows`). A session's
        frames after its
        last status came within seconds of it.
        """
        sessions, frames = tables.sessions, tables.frames
        offered = select(func.max(frames.c.sequence) + 1).where(
            frames.c.stream_id == sessions.c.stream_id,
            frames.c.session_id == sessions.c.session_id,
            frames.c.received_at >= sessions.c.last_seen_at,
            frames.c.received_at < add_seconds(self._engine, sessions.c.last_seen_at, _AFTER_LAST_STATUS_S),
        )
        short = sessions.c.frames_offered < offered.scalar_subquery()
        with write_transaction(self._engine) as connection:
            result = connection.execute(update(sessions).where(short).values(frames_offered=offered.scalar_subquery()))
            return result.rowcount

    def audit(self, *, limit: int = 100) -> Sequence[AuditEntry]:
        """Return entries, the latest first."""
        table = tables.audit
        with read_transaction(self._engine) as connection:
            rows = connection.execute(select(table).order_by(table.c.id.desc()).limit(limit)).mappings()
            return [audit_from_row(row) for row in rows]


def _store(connection: Connection, before: Camera | None, after: Camera, *, by: str, at: datetime, action: str) -> None:
    store_camera(connection, after)
    _note_watching(connection, after.name, at, (after.enabled, after.site, after.group))
    record_change(connection, before, after, by=by, at=at, action=action)


def _note_watching(connection: Connection, name: str, at: datetime, now: tuple[bool, str, str]) -> None:
    """Write down that a camera is watched or not from now on, and where it hangs, where any of it changed."""
    table = tables.watch_changes
    query = select(table).where(table.c.stream_id == name).order_by(table.c.at.desc()).limit(1)
    last = connection.execute(query).mappings().one_or_none()
    if last is not None and (last["watched"], last["site"], last["camera_group"]) == now:
        return
    row = {"stream_id": name, "at": at, "watched": now[0], "site": now[1], "camera_group": now[2]}
    replace_older(connection, table, [row], by="at")


def _session(row: RowMapping, dropped_by_workers: int) -> StreamSession:
    return StreamSession(
        stream_id=row["stream_id"],
        session_id=row["session_id"],
        started_at=row["started_at"],
        last_seen_at=row["last_seen_at"],
        state=ConnectionState(row["state"]),
        reason=row["reason"],
        frames_offered=row["frames_offered"],
        frames_dropped=row["dropped_total"] - row["dropped_before"] + dropped_by_workers,
    )
