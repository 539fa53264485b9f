"""A worker process that ends itself as a power cut would, at one point of its second unit.

`python -m tests.end_to_end.dying_worker POINT BROKER TOPIC DATABASE_URL`
"""

import os
import signal
import sys

import torch

from alerts.policy import Policy
from detectors import registry
from domain.ports import ScoreStore, StreamConsumer
from domain.units import DeadLetter, JudgedUnit, Unit
from storage.alerts import SqlAlertStore
from storage.engine import open_engine
from storage.live import MemoryLiveState
from storage.scores import SqlScoreStore
from storage.streams import SqlStreamStore
from tests.fakes import FakeClock
from transport.kafka import KafkaConsumer
from transport.kafka_topics import KafkaSettings
from workers.scoring import PollBounds, ScoringWorker

POINTS = ("polled", "scored", "stored", "committed")


class Fuse:
    """Kills the process when its second unit reaches the point."""

    def __init__(self, point: str) -> None:
        self._point = point
        self._units = 0

    def begins(self) -> None:
        self._units += 1

    def at(self, point: str) -> None:
        if point == self._point and self._units == 2:
            os.kill(os.getpid(), signal.SIGKILL)


class WatchedConsumer(KafkaConsumer):
    def __init__(self, settings: KafkaSettings, fuse: Fuse) -> None:
        super().__init__(settings)
        self._fuse = fuse

    def poll(self, max_messages: int, timeout_s: float) -> Unit:
        unit = super().poll(max_messages, timeout_s)
        if unit.deliveries:
            self._fuse.begins()
            self._fuse.at("polled")
        return unit

    def commit(self, unit: Unit) -> None:
        super().commit(unit)
        self._fuse.at("committed")


class WatchedStore(SqlScoreStore):
    fuse: Fuse

    def add(self, unit: JudgedUnit) -> tuple[DeadLetter, ...]:
        self.fuse.at("scored")
        refused = super().add(unit)
        self.fuse.at("stored")
        return refused


def settings(broker: str, topic: str) -> KafkaSettings:
    return KafkaSettings((broker,), topic=topic, group=topic, partitions=2, session_timeout_s=2.0)


def worker(consumer: StreamConsumer, store: ScoreStore, database_url: str) -> ScoringWorker:
    engine = open_engine(database_url)
    return ScoringWorker(
        consumer=consumer,
        detectors=registry.build(),
        score_store=store,
        alert_store=SqlAlertStore(engine),
        stream_store=SqlStreamStore(engine),
        live=MemoryLiveState(),
        policy=Policy.for_clips(),
        clock=FakeClock(),
        device=torch.device("cpu"),
        poll=PollBounds(max_messages=40, timeout_s=0.1),
    )


def main() -> None:
    point, broker, topic, database_url = sys.argv[1:]
    fuse = Fuse(point)
    store = WatchedStore(open_engine(database_url))
    store.fuse = fuse
    dying = worker(WatchedConsumer(settings(broker, topic), fuse), store, database_url)
    while True:
        dying.run_once()


if __name__ == "__main__":
    main()
