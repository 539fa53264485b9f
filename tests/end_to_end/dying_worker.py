"""A worker process that ends itself as a power cut would, at one point of its second unit.

`python -m tests.end_to_end.dying_worker POINT BROKER TOPIC DATABASE_URL`
"""

import sys

import torch

from detectors import registry
from domain.ports import ScoreStore, StreamConsumer
from evaluation.policy import Policy
from lab.bench.cluster.worker_process import KillableConsumer, KillableStore, KillSwitch
from storage.live.memory_live_state import MemoryLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine
from storage.sql.stream_store import SqlStreamStore
from tests.fakes.ports import FakeClock
from transport.kafka.topics import KafkaSettings
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores


class SecondUnit(KillSwitch):
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
        stores=WorkerStores(SqlStreamStore(engine), store, SqlAlertStore(engine)),
        live=MemoryLiveState(),
        scorer=FrameScorer(registry.build_detectors(), torch.device("cpu")),
        policy=Policy.for_clips(),
        clock=FakeClock(),
        poll=PollLimits(max_messages=40, timeout_s=0.1),
    )


def main() -> None:
    point, broker, topic, database_url = sys.argv[1:]
    fuse = SecondUnit()
    fuse.set(point)
    store = KillableStore(open_engine(database_url))
    store.fuse = fuse
    dying = worker(KillableConsumer(settings(broker, topic), fuse), store, database_url)
    while True:
        dying.run_once()


if __name__ == "__main__":
    main()
