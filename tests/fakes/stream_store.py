"""`StreamStore` in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from domain.access import EVERY_CAMERA, AccessScope
from domain.alerts import Incident
from domain.camera_changes import (
    CameraAction,
    CameraChange,
    CameraEdit,
    describe_change,
    refuse_later_change,
    values_of,
)
from domain.cameras import Camera
from domain.records import AuditEntry, StreamSession
from domain.text.camera_urls import redact_url


class FakeStreamStore:
    """`StreamStore` in memory."""

    def __init__(self) -> None:
        self._cameras: dict[str, Camera] = {}
        self._audit: list[AuditEntry] = []
        self._changes: list[CameraChange] = []
        self._digests: dict[str, str] = {}
        self._revision = 0
        self.sessions_by_key: dict[tuple[str, str], StreamSession] = {}
        self.dropped: set[tuple[str, str, int]] = set()
        self.stored: set[tuple[str, str, int]] = set()

    def cameras(self) -> Sequence[Camera]:
        return [self._cameras[name] for name in sorted(self._cameras)]

    def camera(self, name: str) -> Camera | None:
        return self._cameras.get(name)

    def put_camera(self, camera: Camera, *, by: str, at: datetime) -> None:
        before = self._cameras.get(camera.name)
        self._cameras[camera.name] = camera
        self._note(before, camera, by=by, at=at, action=CameraAction.PUT)

    def add_camera(self, camera: Camera, *, by: str, at: datetime) -> bool:
        if camera.name in self._cameras:
            return False
        self._cameras[camera.name] = camera
        self._note(None, camera, by=by, at=at, action=CameraAction.ADD)
        return True

    def edit_camera(
        self, name: str, edit: CameraEdit, *, by: str, at: datetime, action: str = "", last_change: int | None = None
    ) -> Camera | None:
        before = self._cameras.get(name)
        if before is None:
            return None
        if last_change is not None:
            refuse_later_change(self.camera_changes(name, limit=1), last_change)
        after = edit(before)
        if after != before:
            self._cameras[name] = after
            self._note(before, after, by=by, at=at, action=action or CameraAction.EDIT)
        return after

    def remove_camera(self, name: str, *, by: str, at: datetime) -> bool:
        before = self._cameras.pop(name, None)
        if before is None:
            return False
        self._note(before, None, by=by, at=at, action=CameraAction.REMOVE)
        return True

    def accept_view(self, name: str, *, by: str, at: datetime) -> bool:
        camera = self._cameras.get(name)
        if camera is None:
            return False
        self._cameras[name] = replace(camera, accepted_at=at, accepted_by=by)
        self._note(camera, camera, by=by, at=at, action=CameraAction.ACCEPT)
        return True

    def camera_changes(
        self, name: str | None = None, *, limit: int = 100, scope: AccessScope = EVERY_CAMERA
    ) -> Sequence[CameraChange]:
        mine = [each for each in self._changes[::-1] if name in (None, each.camera)]
        return [each for each in mine if self.sees(scope, each.camera, _site_of(each))][:limit]

    def sees(self, scope: AccessScope, camera: str, site_then: str = "") -> bool:
        now = self._cameras.get(camera)
        return scope.sees(camera, now.site if now is not None else site_then)

    def sees_incident(self, scope: AccessScope, incident: Incident) -> bool:
        if scope.is_unrestricted:
            return True
        cameras = incident.members or ((incident.stream_id,) if incident.stream_id else ())
        site = incident.site if len(cameras) == 1 else ""
        return bool(cameras) and all(self.sees(scope, camera, site) for camera in cameras)

    def camera_change(self, change_id: int) -> CameraChange | None:
        return self._changes[change_id - 1] if 0 < change_id <= len(self._changes) else None

    def settings_digests(self) -> Mapping[str, str]:
        return dict(self._digests)

    def note_settings(self, name: str, digest: str) -> None:
        self._digests[name] = digest

    def revision(self) -> int:
        return self._revision

    def sessions(self, stream_id: str, *, limit: int = 100) -> Sequence[StreamSession]:
        mine = []
        for session in self.sessions_by_key.values():
            if session.stream_id == stream_id:
                key = (stream_id, session.session_id)
                lost = sum(each[:2] == key for each in self.dropped - self.stored)
                mine.append(replace(session, frames_dropped=session.frames_dropped + lost))
        return sorted(mine, key=lambda session: session.started_at, reverse=True)[:limit]

    def audit(self, *, limit: int = 100) -> Sequence[AuditEntry]:
        return self._audit[::-1][:limit]

    def _note(self, before: Camera | None, after: Camera | None, *, by: str, at: datetime, action: str) -> None:
        camera = after or before
        assert camera is not None
        old, new = (None if each is None else values_of(each) for each in (before, after))
        hidden = (
            before is not None
            and after is not None
            and before.url != after.url
            and redact_url(before.url) == redact_url(after.url)
        )
        change = CameraChange(len(self._changes) + 1, at, by, str(action), camera.name, old, new, hidden)
        self._changes.append(change)
        self.append_audit(AuditEntry(at, by, str(action), camera.name, describe_change(old, new, hidden=hidden)))
        self._revision += 1

    def append_audit(self, entry: AuditEntry) -> None:
        self._audit.append(entry)


def _site_of(change: CameraChange) -> str:
    return str((change.before or change.after or {}).get("site", ""))
