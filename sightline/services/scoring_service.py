"""The scoring worker as a part of the system: a new consumer for each start, and a queue emptied before the end."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from domain.ports import StreamConsumer
from sightline.runtime.components import RestartingThread

if TYPE_CHECKING:
    from workers.scoring_worker import ScoringWorker

DRAIN_S = 5.0
"""How long queued messages may still be scored after ingest has stopped."""

NewConsumer = Callable[[threading.Event], StreamConsumer | None]
"""Waits for an absent transport until the event is set; then None."""


class ScoringService:
    """Runs one scoring worker; after a failure a new one starts with what the last one had not committed.

    `drain_s` is 0 where others go on with what is queued. `model_every_s` are the models that judge, with the seconds
    between their pictures of a stream.
    """

    name = "scoring"

    def __init__(
        self,
        consumer: NewConsumer,
        worker: Callable[[StreamConsumer], "ScoringWorker"],
        *,
        drain_s: float = DRAIN_S,
        model_every_s: Mapping[str, float] | None = None,
    ) -> None:
        self.model_every_s = model_every_s or {}
        self._new_consumer = consumer
        self._new_worker = worker
        self._drain_s = drain_s
        self._consumer: StreamConsumer | None = None
        self._worker: ScoringWorker | None = None
        self._connecting = False
        self._thread = RestartingThread(self.name, self._work, health=self._worker_health)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        began = time.monotonic()
        drained = began + min(self._drain_s, timeout_s)
        while self.count_waiting() and time.monotonic() < drained:
            if self._worker_health():
                break
            time.sleep(0.05)
        self._thread.stop(max(0.0, began + timeout_s - time.monotonic()))

    def health(self) -> str:
        return self._thread.health()

    def worker(self) -> "ScoringWorker | None":
        return self._worker

    def count_waiting(self) -> int:
        """Return how many messages wait for this worker, as far as it knows."""
        return self._consumer.lag() if self._consumer is not None else 0

    def count_unreadable(self) -> int:
        """Return how many messages could not be decoded and became dead letters."""
        return self._consumer.count_unreadable() if self._consumer is not None else 0

    def count_expired(self) -> int:
        """Return how many messages the transport deleted before they were read, as far as this worker saw."""
        return self._consumer.count_expired() if self._consumer is not None else 0

    def _work(self, stop: threading.Event) -> None:
        self._connecting = True
        consumer = self._consumer = self._new_consumer(stop)
        if consumer is None:
            return
        self._connecting = False
        try:
            self._worker = self._new_worker(consumer)
            self._worker.run(stop)
        finally:
            consumer.close()

    def _worker_health(self) -> str:
        if self._connecting:
            return "waiting for the queue"
        return self._worker.health() if self._worker is not None else ""
