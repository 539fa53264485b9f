"""Cameras, their sessions, and who changed what. Every change of a camera is audited and raises the revision."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, func, insert, select, update

from domain.records import AuditEntry, StreamSession
from domain.streams import Camera, ConnectionState
from domain.urls import shown
from storage import tables
from storage.columns import later_by
from storage.documents import CAMERA, decoded
from storage.drops import dropped_by_workers
from storage.engine import reading, writing
from storage.incidents import close_incidents
from storage.upserts import replace_older

_OWN_COLUMNS = ("name", "url", "site", "enabled", "accepted_at", "accepted_by")


_AFTER_LAST_WORD_S = 600


class SqlStreamStore:
    """`StreamStore` on SQLite or Postgres. Every method raises `StoreUnavailable` while the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cameras(self) -> Sequence[Camera]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(tables.cameras).order_by(tables.cameras.c.name)).mappings()
            return [_camera(row) for row in rows]

    def camera(self, name: str) -> Camera | None:
        with reading(self._engine) as connection:
            query = select(tables.cameras).where(tables.cameras.c.name == name)
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else _camera(row)

    def put_camera(self, camera: Camera, *, by: str, at: datetime) -> None:
        with writing(self._engine) as connection:
            _store_camera(connection, camera)
            _note_change(connection, AuditEntry(at, by, "put camera", camera.name, shown(camera.url)))

    def remove_camera(self, name: str, *, by: str, at: datetime) -> bool:
        """Retire a camera: it holds no alert and no reference any more, and its open incidents are told resolved."""
        with writing(self._engine) as connection:
            if connection.execute(delete(tables.cameras).where(tables.cameras.c.name == name)).rowcount == 0:
                return False
            for table in (tables.alerts, tables.references):
                connection.execute(delete(table).where(table.c.stream_id == name))
            close_incidents(connection, name, at)
            _note_change(connection, AuditEntry(at, by, "remove camera", name))
            return True

    def accept_view(self, name: str, *, by: str, at: datetime) -> bool:
        with writing(self._engine) as connection:
            accept = update(tables.cameras).where(tables.cameras.c.name == name)
            if connection.execute(accept.values(accepted_at=at, accepted_by=by)).rowcount == 0:
                return False
            _note_change(connection, AuditEntry(at, by, "accept view", name))
            return True

    def revision(self) -> int:
        with reading(self._engine) as connection:
            query = select(tables.counters.c.number).where(tables.counters.c.name == "cameras")
            return int(connection.execute(query).scalar_one())

    def sessions(self, stream_id: str, *, limit: int = 100) -> Sequence[StreamSession]:
        """Return sessions, the latest first."""
        table = tables.sessions
        query = select(table).where(table.c.stream_id == stream_id).order_by(table.c.started_at.desc()).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            dropped = dropped_by_workers(connection, stream_id, [row["session_id"] for row in rows])
            return [_session(row, dropped.get(row["session_id"], 0)) for row in rows]

    def repair_offered(self) -> int:
        """Have no session with more frames stored than offered; return how many had. Those of a killed process did.

        Units stored by this version keep to it themselves (`storage.rows.offered_rows`). A session's frames after its
        last status came within seconds of it.
        """
        sessions, frames = tables.sessions, tables.frames
        shown = select(func.max(frames.c.sequence) + 1).where(
            frames.c.stream_id == sessions.c.stream_id,
            frames.c.session_id == sessions.c.session_id,
            frames.c.received_at >= sessions.c.last_seen_at,
            frames.c.received_at < later_by(self._engine, sessions.c.last_seen_at, _AFTER_LAST_WORD_S),
        )
        short = sessions.c.frames_offered < shown.scalar_subquery()
        with writing(self._engine) as connection:
            found = connection.execute(update(sessions).where(short).values(frames_offered=shown.scalar_subquery()))
            return found.rowcount

    def audit(self, *, limit: int = 100) -> Sequence[AuditEntry]:
        """Return entries, the latest first."""
        table = tables.audit
        with reading(self._engine) as connection:
            rows = connection.execute(select(table).order_by(table.c.id.desc()).limit(limit)).mappings()
            return [
                AuditEntry(
                    at=row["at"],
                    by=row["done_by"],
                    action=row["action"],
                    subject=row["subject"],
                    detail=row["detail"],
                )
                for row in rows
            ]


def append_audit(connection: Connection, entry: AuditEntry) -> None:
    """Add one line to the audit; its detail must hold no credentials."""
    row = {
        "at": entry.at,
        "done_by": entry.by,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
    }
    connection.execute(insert(tables.audit), row)


def _note_change(connection: Connection, entry: AuditEntry) -> None:
    append_audit(connection, entry)
    counter = update(tables.counters).where(tables.counters.c.name == "cameras")
    connection.execute(counter.values(number=tables.counters.c.number + 1))


def _store_camera(connection: Connection, camera: Camera) -> None:
    settings = CAMERA.dump_json(camera, exclude={*_OWN_COLUMNS, "group"}).decode()
    row: dict[str, Any] = {name: getattr(camera, name) for name in _OWN_COLUMNS}
    row |= {"camera_group": camera.group, "settings": settings}
    replace_older(connection, tables.cameras, [row], by="name")


def _camera(row: RowMapping) -> Camera:
    own = {name: row[name] for name in _OWN_COLUMNS}
    return decoded(CAMERA, {**row["settings"], **own, "group": row["camera_group"]})


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
