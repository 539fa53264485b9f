"""Keeps ingest reading the cameras the store knows, however they were added."""

from domain.ports import StreamStore
from ingest.supervisor import IngestSupervisor
from sightline.components import Timer

CHECK_EVERY_S = 2.0


class IngestPart:
    """The supervisor of all readers as a part of the system."""

    name = "ingest"

    def __init__(self, supervisor: IngestSupervisor, store: StreamStore, revision: int) -> None:
        self._supervisor = supervisor
        self._store = store
        self._revision = revision
        self._watch = Timer("ingest-cameras", CHECK_EVERY_S, self.follow)

    def start(self) -> None:
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
            self._supervisor.update(self._store.cameras())
            self._revision = revision
