"""Ingest as one process of several: it reads the cameras whose leases it holds, and no others."""

import logging
import threading
from collections.abc import Callable

from domain.camera_directory import CameraDirectory
from domain.errors import StoreUnavailable
from domain.ports import Clock, LiveState, StreamPublisher, StreamStore
from ingest.supervise.ipc import ReaderSetup
from ingest.supervise.supervisor import IngestSupervisor
from sightline.runtime.components import RestartingThread
from sightline.runtime.logging_setup import Redactor
from sightline.services.held_leases import HeldLeases, LeasedPublisher, release_all_leases
from sightline.services.ingest_service import ModelWatch, ViewerWatch

CHECK_EVERY_S = 2.0

_log = logging.getLogger(__name__)

NewPublisher = Callable[[threading.Event], StreamPublisher | None]
"""Waits for an absent transport until the event is set; then None."""


class LeasedIngestService:
    """The supervisor of this process's readers, whose cameras follow the leases."""

    name = "ingest"

    def __init__(
        self,
        publisher: NewPublisher,
        store: StreamStore,
        held: HeldLeases,
        clock: Clock,
        *,
        redactor: Redactor | None = None,
        setup: ReaderSetup | None = None,
        live: LiveState | None = None,
        workers: LiveState | None = None,
    ) -> None:
        """`live` says which cameras somebody views; their pictures are sent. `workers` says which models there are."""
        self._new_publisher = publisher
        self._directory = CameraDirectory(store)
        self._held = held
        self._clock = clock
        self._redactor = redactor
        self._setup = setup
        self._live = live
        self._workers = workers
        self._unready_reason = "waiting for the queue"
        self._thread = RestartingThread(self.name, self._work, health=lambda: self._unready_reason)

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
        viewers, models = ViewerWatch(supervisor, self._live), ModelWatch(supervisor, self._workers)
        viewers.start()
        models.start()
        try:
            while not stop.is_set():
                self._follow(supervisor)
                stop.wait(CHECK_EVERY_S)
        finally:
            viewers.stop(CHECK_EVERY_S)
            models.stop(CHECK_EVERY_S)
            # Last words travel under the leases; only then may others read these cameras.
            supervisor.stop()
            publisher.close()
            release_all_leases(self._held)

    def _follow(self, supervisor: IngestSupervisor) -> None:
        try:
            if self._directory.refresh() and self._redactor is not None:
                self._redactor.learn_cameras(self._directory.cameras.values())
            self._held.refresh(tuple(self._directory.cameras.values()))
            self._unready_reason = ""
        except StoreUnavailable as error:
            if str(error) != self._unready_reason:
                _log.warning("leases cannot be renewed: %s", error)
            self._unready_reason = str(error)
        tokens = self._held.tokens
        supervisor.update([camera for name, camera in self._directory.cameras.items() if name in tokens])
