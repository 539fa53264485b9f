"""Ingest as one process of several: it reads the cameras whose leases it holds, and no others."""

import logging
import threading
from collections.abc import Callable, Sequence

from domain.errors import StoreUnavailable
from domain.ports import Clock, StreamPublisher, StreamStore
from domain.streams import Camera
from domain.urls import secrets_of
from ingest.supervisor import IngestSupervisor
from ingest.wire import HostSetup
from sightline.components import Worker
from sightline.leasing import HeldCameras, LeasedPublisher, release_all
from sightline.logging_setup import Redactor

CHECK_EVERY_S = 2.0

_log = logging.getLogger(__name__)

NewPublisher = Callable[[threading.Event], StreamPublisher | None]
"""Waits for an absent transport until it is told to stop; then None."""


class LeasedIngestPart:
    """The supervisor of this process's readers, whose cameras follow the leases."""

    name = "ingest"

    def __init__(
        self,
        publisher: NewPublisher,
        store: StreamStore,
        held: HeldCameras,
        clock: Clock,
        *,
        redactor: Redactor | None = None,
        setup: HostSetup | None = None,
    ) -> None:
        self._new_publisher = publisher
        self._store = store
        self._held = held
        self._clock = clock
        self._redactor = redactor
        self._setup = setup
        self._cameras: Sequence[Camera] = ()
        self._trouble = "waiting for the queue"
        self._thread = Worker(self.name, self._work, health=lambda: self._trouble)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._thread.stop(timeout_s)

    def health(self) -> str:
        return self._thread.health()

    def _work(self, stop: threading.Event) -> None:
        publisher = self._new_publisher(stop)
        if publisher is None:
            return
        supervisor = IngestSupervisor((), LeasedPublisher(publisher, self._held), self._clock, setup=self._setup)
        supervisor.start()
        try:
            while not stop.is_set():
                self._follow(supervisor)
                stop.wait(CHECK_EVERY_S)
        finally:
            # Last words travel under the leases; only then may others read these cameras.
            supervisor.stop()
            publisher.close()
            release_all(self._held)

    def _follow(self, supervisor: IngestSupervisor) -> None:
        try:
            self._cameras = self._store.cameras()
            self._hide_passwords()
            self._held.refresh(self._cameras)
            self._trouble = ""
        except StoreUnavailable as error:
            if str(error) != self._trouble:
                _log.warning("leases cannot be renewed: %s", error)
            self._trouble = str(error)
        tokens = self._held.tokens
        supervisor.update([camera for camera in self._cameras if camera.name in tokens])

    def _hide_passwords(self) -> None:
        """Logs must not show what FFmpeg's own messages may quote."""
        if self._redactor is not None:
            self._redactor.learn(secret for camera in self._cameras for secret in secrets_of(camera.url))
