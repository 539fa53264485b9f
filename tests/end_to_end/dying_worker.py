"""A worker process that ends itself as a power cut would, at one point of its second unit.

`python -m tests.end_to_end.dying_worker POINT BROKER TOPIC DATABASE_URL`
"""

import sys

import torch

from alerts.policy import Policy
from bench.cluster.worker import Fuse, MortalConsumer, MortalStore
from detectors import registry
from domain.ports import ScoreStore, StreamConsumer
from storage.alerts import SqlAlertStore
from storage.engine import open_engine
from storage.live import MemoryLiveState
from storage.streams import SqlStreamStore
from tests.fakes import FakeClock
from transport.kafka_topics import KafkaSettings
from workers.scoring import PollBounds, ScoringWorker


class SecondUnit(Fuse):
    """Lets the first unit pass whatever its points."""

    units = 0

    def at(self, point: str) -> None:
        self.units += point == "polled"
        if self.units == 2:
            super().at(point)


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
    fuse = SecondUnit()
    fuse.set(point)
    store = MortalStore(open_engine(database_url))
    store.fuse = fuse
    dying = worker(MortalConsumer(settings(broker, topic), fuse), store, database_url)
    while True:
        dying.run_once()


if __name__ == "__main__":
    main()
