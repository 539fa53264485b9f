"""The scoring worker as a part of the system: a new consumer for each start, and a queue emptied before the end."""

import threading
import time
from collections.abc import Callable

from domain.ports import StreamConsumer
from sightline.components import Worker
from workers.scoring import ScoringWorker

DRAIN_S = 5.0
"""How long what is still queued may be judged after ingest has stopped."""


class ScoringPart:
    """Runs one scoring worker; one that failed is built anew and is given what the last one had not committed."""

    name = "scoring"

    def __init__(
        self, consumer: Callable[[], StreamConsumer], worker: Callable[[StreamConsumer], ScoringWorker]
    ) -> None:
        self._new_consumer = consumer
        self._new_worker = worker
        self._consumer: StreamConsumer | None = None
        self._worker: ScoringWorker | None = None
        self._thread = Worker(self.name, self._work, health=self._worker_health)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        deadline = time.monotonic() + min(DRAIN_S, timeout_s)
        while self._consumer is not None and self._consumer.lag() and time.monotonic() < deadline:
            if self._worker_health():
                break
            time.sleep(0.05)
        self._thread.stop(timeout_s)

    def health(self) -> str:
        return self._thread.health()

    def worker(self) -> ScoringWorker | None:
        return self._worker

    def _work(self, stop: threading.Event) -> None:
        consumer = self._consumer = self._new_consumer()
        self._worker = self._new_worker(consumer)
        try:
            self._worker.run(stop)
        finally:
            consumer.close()

    def _worker_health(self) -> str:
        return self._worker.health() if self._worker is not None else ""
