"""A scoring worker as a process of its own that dies, where it is asked to, as by a power cut.

The same classes as `sightline work` wires, driven over its input: first its setup (one line of JSON, so that no
password is in a command line), then the name of a point at which to kill itself; the end of the input ends it well.
"""

import os
import signal
import sys
import threading

import torch

from detectors import registry
from domain.messages import Batch, BatchResult, DeadLetter
from domain.ports import ScoreStore, StreamConsumer
from lab.bench.clocks import WallClock
from lab.bench.cluster.worker_setup import SETUP, WorkerSetup
from storage.live.redis_live_state import RedisLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from transport.kafka.clients import KafkaConsumer
from transport.kafka.topics import KafkaSettings
from workers.frame_scoring.device import use_threads
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores

POINTS = ("polled", "scored", "stored", "committed")
"""The steps of a batch, by what was done last."""


class KillSwitch:
    """Kills the process at the point it is set to."""

    def __init__(self) -> None:
        self._point = ""

    def set(self, point: str) -> None:
        self._point = point

    def at(self, point: str) -> None:
        if point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)


class KillableConsumer(KafkaConsumer):
    """Reaches `polled` and `committed` with each batch that is not empty."""

    def __init__(self, settings: KafkaSettings, fuse: KillSwitch) -> None:
        super().__init__(settings)
        self._fuse = fuse

    def poll(self, max_messages: int, timeout_s: float) -> Batch:
        batch = super().poll(max_messages, timeout_s)
        if batch.deliveries:
            self._fuse.at("polled")
        return batch

    def commit(self, batch: Batch) -> None:
        super().commit(batch)
        self._fuse.at("committed")


class KillableStore(SqlScoreStore):
    """Reaches `scored` before, and `stored` after each batch that holds scores."""

    fuse: KillSwitch

    def add(self, batch: BatchResult) -> tuple[DeadLetter, ...]:
        if batch.scores:
            self.fuse.at("scored")
        refused = super().add(batch)
        if batch.scores:
            self.fuse.at("stored")
        return refused


def build_worker(setup: WorkerSetup, consumer: StreamConsumer, store: ScoreStore) -> ScoringWorker:
    """Return the worker that `sightline work` would run over these services."""
    engine = open_engine(setup.database)
    return ScoringWorker(
        consumer=consumer,
        stores=WorkerStores(SqlStreamStore(engine), store, SqlAlertStore(engine)),
        live=RedisLiveState(setup.redis, prefix=setup.topic),
        scorer=FrameScorer(registry.build_detectors(), torch.device("cpu")),
        policy=setup.policy(),
        clock=WallClock(),
        poll=PollLimits(max_messages=setup.poll_messages),
    )


def main() -> None:
    """Judge until the input ends."""
    setup = SETUP.validate_json(sys.stdin.readline())
    use_threads(1)
    fuse, stop = KillSwitch(), threading.Event()
    store = KillableStore(open_engine(setup.database))
    store.fuse = fuse
    threading.Thread(target=_listen, args=(fuse, stop), daemon=True).start()
    consumer = KillableConsumer(setup.kafka(), fuse)
    try:
        build_worker(setup, consumer, store).run(stop)
    finally:
        consumer.close()


def _listen(fuse: KillSwitch, stop: threading.Event) -> None:
    for line in sys.stdin:
        fuse.set(line.strip())
    stop.set()


if __name__ == "__main__":
    main()
