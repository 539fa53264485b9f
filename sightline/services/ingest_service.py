"""Keeps ingest reading the cameras the store knows, however they were added."""

from collections.abc import Sequence
from dataclasses import replace

from domain.cameras import Camera
from domain.ports import Clock, StreamStore
from domain.text.camera_urls import find_secrets
from ingest.supervise.supervisor import IngestSupervisor
from sightline.runtime.components import PeriodicThread
from sightline.runtime.logging_setup import Redactor

CHECK_EVERY_S = 2.0


class IngestService:
    """The supervisor of all readers as a part of the system."""

    name = "ingest"

    def __init__(
        self, supervisor: IngestSupervisor, store: StreamStore, revision: int, redactor: Redactor | None = None
    ) -> None:
        self._supervisor = supervisor
        self._store = store
        self._revision = revision
        self._redactor = redactor
        self._watch = PeriodicThread("ingest-cameras", CHECK_EVERY_S, self.follow)

    def start(self) -> None:
        self._hide_passwords(self._store.cameras())
        self._supervisor.start()
        self._watch.start()

    def stop(self, timeout_s: float) -> None:
        self._watch.stop(timeout_s)
        self._supervisor.stop()

    def health(self) -> str:
        return self._watch.health()

    def follow(self) -> None:
        """Hand over the cameras again if any changed."""
        revision = self._store.revision()
        if revision != self._revision:
            cameras = self._store.cameras()
            self._hide_passwords(cameras)
            self._supervisor.update(cameras)
            self._revision = revision

    def _hide_passwords(self, cameras: Sequence[Camera]) -> None:
        """Logs must not show what FFmpeg's own messages may quote."""
        if self._redactor is not None:
            self._redactor.learn(secret for camera in cameras for secret in find_secrets(camera.url))


BY_SETTINGS = "settings file"


def register_cameras(cameras: Sequence[Camera], store: StreamStore, clock: Clock) -> tuple[str, ...]:
    """Store each camera that is new or differs; return their names. What an operator accepted stays accepted."""
    changed = []
    known = {camera.name: camera for camera in store.cameras()}
    for camera in cameras:
        before = known.get(camera.name)
        wanted = camera
        if before is not None:
            wanted = replace(camera, accepted_at=before.accepted_at, accepted_by=before.accepted_by)
        if wanted != before:
            store.put_camera(wanted, by=BY_SETTINGS, at=clock.now())
            changed.append(camera.name)
    return tuple(changed)
