"""Ways for the same frames to become numbers: the bare detectors, and the embedded pipeline."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import torch

from detectors.metrics.meter import PictureMeter
from detectors.registry import DetectorSet
from domain.cameras import Camera
from domain.frames import Frame
from domain.messages import BatchResult, DeadLetter
from domain.ports import StreamConsumer
from evaluation.policy import Policy
from lab.bench.clocks import WallClock
from lab.bench.speed.pipeline_frames import PipelineLoad
from storage.live.memory_live_state import MemoryLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from transport.embedded import EmbeddedQueue
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.frame_scoring.tensor_batches import TensorBatchLimits
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores

CPU = torch.device("cpu")
BOUNDS = TensorBatchLimits.for_device("cpu")
Units: TypeAlias = Sequence[Sequence[Frame]]


class TurnTime(NamedTuple):
    """Seconds of one turn: by the wall, and of this process's cores, which a busy machine disturbs less."""

    wall_s: float
    cpu_s: float


class Contestant(Protocol):
    """One way."""

    def prepare(self) -> None:
        """Get ready for a turn, outside the time that counts."""
        ...

    def run(self, units: Units) -> None:
        """Turn the frames into numbers."""
        ...


def time_turn(by: Contestant, units: Units) -> TurnTime:
    """Return what one turn took."""
    by.prepare()
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    by.run(units)
    return TurnTime(time.perf_counter() - wall_s, time.process_time() - cpu_s)


class BareLoop:
    """Nothing but the numbers: every metric of every picture, one after the other."""

    def __init__(self, detectors: DetectorSet) -> None:
        self._meter = PictureMeter(detectors.metrics)

    def prepare(self) -> None:
        pass

    def run(self, units: Units) -> None:
        for unit in units:
            for frame in unit:
                self._meter.measure(frame)


class ScoringPath:
    """Worker, judge and SQLite, as the product wires them, on whatever consumer."""

    def __init__(self, plan: PipelineLoad, detectors: DetectorSet, database: Path, consumer: StreamConsumer) -> None:
        self.engine = open_engine(f"sqlite:///{database}")
        upgrade_schema(self.engine)
        clock = WallClock()
        streams = SqlStreamStore(self.engine)
        for index in range(plan.streams):
            streams.put_camera(Camera(f"camera-{index}", "rtsp://localhost/none"), by="bench", at=clock.now())
        self.store = TimedStore(self.engine)
        self.worker = ScoringWorker(
            consumer=consumer,
            stores=WorkerStores(streams, self.store, SqlAlertStore(self.engine)),
            live=MemoryLiveState(),
            scorer=FrameScorer(detectors, CPU, BOUNDS),
            policy=Policy(),
            clock=clock,
            poll=PollLimits(max_messages=plan.unit, timeout_s=0.0),
        )

    def frames_scored(self) -> int:
        return self.worker.counters.frames_scored


class EmbeddedPipeline:
    """Publisher, queue, worker, judge and SQLite in this process, as `sightline run`."""

    def __init__(self, plan: PipelineLoad, detectors: DetectorSet, database: Path) -> None:
        queue = EmbeddedQueue(max_frames=plan.frames + 1, max_bytes=1 << 34)
        self._publisher = queue.publisher()
        self.judging = ScoringPath(plan, detectors, database, queue.consumer())

    def prepare(self) -> None:
        pass

    def run(self, units: Units) -> None:
        for unit in units:
            for frame in unit:
                self._publisher.publish(frame)
            self.judging.worker.run_once()


class TimedStore(SqlScoreStore):
    """The score store, with the seconds spent in its transactions."""

    seconds = 0.0

    def add(self, unit: BatchResult) -> tuple[DeadLetter, ...]:
        started = time.perf_counter()
        refused = super().add(unit)
        self.seconds += time.perf_counter() - started
        return refused
