"""Keeps ingest reading the cameras the store knows, however they were added."""

from collections.abc import Sequence

from domain.ports import StreamStore
from domain.streams import Camera
from domain.urls import secrets_of
from ingest.supervisor import IngestSupervisor
from sightline.components import Timer
from sightline.logging_setup import Redactor

CHECK_EVERY_S = 2.0


class IngestPart:
    """The supervisor of all readers as a part of the system."""

    name = "ingest"

    def __init__(
        self, supervisor: IngestSupervisor, store: StreamStore, revision: int, redactor: Redactor | None = None
    ) -> None:
        self._supervisor = supervisor
        self._store = store
        self._revision = revision
        self._redactor = redactor
        self._watch = Timer("ingest-cameras", CHECK_EVERY_S, self.follow)

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
            self._redactor.learn(secret for camera in cameras for secret in secrets_of(camera.url))
