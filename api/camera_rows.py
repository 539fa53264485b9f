"""A camera with its status as it is now, worked out once for each snapshot however many ask."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from api.camera_status import CameraState, CameraStatus, derive_camera_status, is_stale
from api.live_snapshots import KnownSnapshots
from domain.cameras import Camera
from domain.messages import StreamSnapshot

_MOST = 20_000
"""Rows kept; beyond that all are forgotten, so that cameras that are gone take no room."""


@dataclass(frozen=True, slots=True)
class CameraRow:
    """One camera of the overview; `snapshot` is None where nothing is known about now.

    `stored`: it was read from the database, whose rows hold no counters of ingest. `memo` keeps what was made from
    this row and does not depend on the time.
    """

    camera: Camera
    status: CameraStatus
    snapshot: StreamSnapshot | None
    stored: bool = False
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


def make_camera_row(camera: Camera, present: KnownSnapshots, now: datetime) -> CameraRow:
    """Return the camera's row, without a snapshot that says nothing about now."""
    snapshot = present.snapshots.get(camera.name)
    status = derive_camera_status(camera, snapshot, now)
    is_known = status.state not in (CameraState.UNKNOWN, CameraState.OFF)
    return CameraRow(camera, status, snapshot if is_known else None, stored=bool(present.outage))


def _is_valid(
    row: CameraRow, camera: Camera, snapshot: StreamSnapshot | None, present: KnownSnapshots, now: datetime
) -> bool:
    same = row.camera is camera and row.snapshot is snapshot and row.stored == bool(present.outage)
    return same and snapshot is not None and not is_stale(snapshot, now)


class RowCache:
    """The latest row of each camera, valid while camera and snapshot are the same objects. Shared by threads."""

    def __init__(self) -> None:
        self._rows: dict[str, CameraRow] = {}

    def read(self, camera: Camera, present: KnownSnapshots, now: datetime) -> CameraRow:
        """Return the camera's row, the known one where nothing changed; a snapshot that became stale is a change."""
        snapshot, known = present.snapshots.get(camera.name), self._rows.get(camera.name)
        if known is not None and _is_valid(known, camera, snapshot, present, now):
            return known
        row = make_camera_row(camera, present, now)
        if len(self._rows) >= _MOST:
            self._rows.clear()
        self._rows[camera.name] = row
        return row
