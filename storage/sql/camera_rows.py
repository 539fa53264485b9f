"""Cameras as rows, and every change of one with what was before and after, without secrets."""

from collections.abc import Sequence
from datetime import datetime
from json import dumps
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from domain.access import EVERY_CAMERA, AccessScope
from domain.camera_changes import CameraChange, describe_change, values_of
from domain.cameras import Camera
from domain.records import AuditEntry
from storage.sql.audit_rows import append_audit
from storage.sql.schema import tables
from storage.sql.schema.documents import CAMERA, decode_camera
from storage.sql.schema.upserts import replace_older
from storage.sql.visible_rows import visible_changes

_OWN_COLUMNS = ("name", "url", "site", "enabled", "accepted_at", "accepted_by")


def store_camera(connection: Connection, camera: Camera) -> None:
    settings = CAMERA.dump_json(camera, exclude={*_OWN_COLUMNS, "group"}).decode()
    row: dict[str, Any] = {name: getattr(camera, name) for name in _OWN_COLUMNS}
    row |= {"camera_group": camera.group, "settings": settings}
    replace_older(connection, tables.cameras, [row], by="name")


def read_camera(connection: Connection, name: str, *, lock: bool = False) -> Camera | None:
    """Return a camera; with `lock` nobody else changes it until the transaction ends."""
    query = select(tables.cameras).where(tables.cameras.c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return None if row is None else camera_from_row(row)


def camera_from_row(row: RowMapping) -> Camera:
    own = {name: row[name] for name in _OWN_COLUMNS}
    return decode_camera({**row["settings"], **own, "group": row["camera_group"]})


def record_change(
    connection: Connection, before: Camera | None, after: Camera | None, *, by: str, at: datetime, action: str
) -> None:
    """Write a change down for the audit and for undoing it, and let readers know that cameras changed."""
    camera = after or before
    if camera is None:
        return
    old = None if before is None else values_of(before)
    new = None if after is None else values_of(after)
    hidden = (
        before is not None
        and after is not None
        and before.url != after.url
        and (old or {}).get("address") == (new or {}).get("address")
    )
    row = {
        "at": at,
        "done_by": by,
        "action": action,
        "camera": camera.name,
        "hidden": hidden,
        "before_values": None if old is None else dumps(old),
        "after_values": None if new is None else dumps(new),
    }
    connection.execute(insert(tables.camera_changes), row)
    description = describe_change(old, new, hidden=hidden)
    append_audit(connection, AuditEntry(at, by, action, camera.name, description, camera=camera.name, site=camera.site))
    counter = update(tables.counters).where(tables.counters.c.name == "cameras")
    connection.execute(counter.values(number=tables.counters.c.number + 1))


def read_changes(
    connection: Connection, name: str | None, limit: int, scope: AccessScope = EVERY_CAMERA
) -> Sequence[CameraChange]:
    table = tables.camera_changes
    query = select(table).where(*visible_changes(connection, scope)).order_by(table.c.id.desc()).limit(limit)
    if name is not None:
        query = query.where(table.c.camera == name)
    return [_change(row) for row in connection.execute(query).mappings()]


def read_change(connection: Connection, change_id: int) -> CameraChange | None:
    table = tables.camera_changes
    row = connection.execute(select(table).where(table.c.id == change_id)).mappings().one_or_none()
    return None if row is None else _change(row)


def _change(row: RowMapping) -> CameraChange:
    return CameraChange(
        change_id=row["id"],
        at=row["at"],
        by=row["done_by"],
        action=row["action"],
        camera=row["camera"],
        before=row["before_values"],
        after=row["after_values"],
        hidden=row["hidden"],
    )
