"""Three ways for the same frames to become numbers: bare detectors, the embedded pipeline, and the one over Kafka."""

import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import psutil
import torch
from torch import Tensor

from alerts.policy import Policy
from bench.clocks import WallClock
from bench.services import Service
from bench.speed.film import Plan
from bench.speed.sender import SenderSetup
from detectors.registry import DetectorSet
from domain.frames import Frame
from domain.ports import StreamConsumer
from domain.streams import Camera
from domain.units import DeadLetter, JudgedUnit
from storage.alerts import SqlAlertStore
from storage.engine import open_engine
from storage.live import MemoryLiveState
from storage.migrate import upgrade
from storage.scores import SqlScoreStore
from storage.streams import SqlStreamStore
from transport.embedded import EmbeddedQueue
from transport.kafka import KafkaConsumer
from transport.kafka_topics import KafkaSettings, prepare_topics
from workers.batching import BatchBounds, batches
from workers.preprocessing import pictures
from workers.scoring import PollBounds, ScoringWorker

CPU = torch.device("cpu")
BOUNDS = BatchBounds.suited("cpu")
Units: TypeAlias = Sequence[Sequence[Frame]]


class Spent(NamedTuple):
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


def spent(by: Contestant, units: Units) -> Spent:
    """Return what one turn took."""
    by.prepare()
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    by.run(units)
    return Spent(time.perf_counter() - wall_s, time.process_time() - cpu_s)


class BareLoop:
    """Nothing but tensors: upload, every detector, every comparison, numbers back."""

    def __init__(self, detectors: DetectorSet) -> None:
        self._detectors = detectors
        self._before: dict[str, Tensor] = {}

    def prepare(self) -> None:
        pass

    @torch.inference_mode()
    def run(self, units: Units) -> None:
        for unit in units:
            for batch in batches(unit, BOUNDS):
                self._score([unit[index] for index in batch])

    def _score(self, frames: Sequence[Frame]) -> None:
        uploaded = pictures(frames, CPU)
        found: list[Mapping[str, Tensor]] = [part.score(uploaded) for part in self._detectors.detectors]
        self._detectors.structure.describe(uploaded).cpu()
        for part in self._detectors.temporal:
            now = part.remember(uploaded)
            found.append(part.score(now, self._before.get(part.name, now)))
            self._before[part.name] = now
        torch.stack([column.float() for columns in found for column in columns.values()]).cpu()


class Judging:
    """Worker, judge and SQLite, as the product wires them, on whatever consumer."""

    def __init__(self, plan: Plan, detectors: DetectorSet, database: Path, consumer: StreamConsumer) -> None:
        self.engine = open_engine(f"sqlite:///{database}")
        upgrade(self.engine)
        clock = WallClock()
        streams = SqlStreamStore(self.engine)
        for index in range(plan.streams):
            streams.put_camera(Camera(f"camera-{index}", "rtsp://localhost/none"), by="bench", at=clock.now())
        self.store = TimedStore(self.engine)
        self.worker = ScoringWorker(
            consumer=consumer,
            detectors=detectors,
            score_store=self.store,
            alert_store=SqlAlertStore(self.engine),
            stream_store=streams,
            live=MemoryLiveState(),
            policy=Policy(),
            clock=clock,
            device=CPU,
            bounds=BOUNDS,
            poll=PollBounds(max_messages=plan.unit, timeout_s=0.0),
        )

    def stored(self) -> int:
        return self.worker.counters.frames_scored


class Embedded:
    """Publisher, queue, worker, judge and SQLite in this process, as `sightline run`."""

    def __init__(self, plan: Plan, detectors: DetectorSet, database: Path) -> None:
        queue = EmbeddedQueue(max_frames=plan.frames + 1, max_bytes=1 << 34)
        self._publisher = queue.publisher()
        self.judging = Judging(plan, detectors, database, queue.consumer())

    def prepare(self) -> None:
        pass

    def run(self, units: Units) -> None:
        for unit in units:
            for frame in unit:
                self._publisher.publish(frame)
            self.judging.worker.run_once()


class OverKafka:
    """A sender as a process of its own, a broker, and here consumer, worker, judge and SQLite."""

    def __init__(
        self,
        plan: Plan,
        detectors: DetectorSet,
        database: Path,
        *,
        broker: Service,
        began_at: datetime,
        stack: ExitStack,
    ) -> None:
        self._frames = plan.frames
        settings = KafkaSettings((broker.address,), topic=f"bench.{secrets.token_hex(4)}", group="bench", partitions=2)
        prepare_topics(settings, WallClock())
        self._sender = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "bench.speed.sender"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
            )
        )
        self._tell(SenderSetup(broker.address, settings.topic, plan, began_at).line())
        self._broker = psutil.Process(broker.pid) if broker.pid else None
        self._sender_cpu_s = self._sender_began_s = self._broker_began_s = 0.0
        consumer = KafkaConsumer(settings)
        stack.callback(consumer.close)
        self.judging = Judging(plan, detectors, database, consumer)

    def prepare(self) -> None:
        self._tell("make\n")
        assert self._sender.stdout is not None
        self._sender_cpu_s = float(self._sender.stdout.readline().split()[1])

    def run(self, units: Units) -> None:
        """Have the same frames sent from over there, and judge until all are stored."""
        due = self.judging.stored() + self._frames
        self._tell("send\n")
        while self.judging.stored() < due:
            self.judging.worker.run_once()

    def begin(self) -> None:
        """Count what sender and broker spend from here on."""
        self.prepare()
        self._sender_began_s, self._broker_began_s = self._sender_cpu_s, self._broker_cpu_s()

    def elsewhere_ms_per_frame(self, frames: int) -> tuple[float, float | None]:
        """Return the CPU milliseconds a frame of the sender and of the broker, None where the broker is not ours."""
        self.prepare()
        sender_ms = 1000 * (self._sender_cpu_s - self._sender_began_s) / frames
        broker_ms = 1000 * (self._broker_cpu_s() - self._broker_began_s) / frames
        return round(sender_ms, 3), round(broker_ms, 3) if self._broker is not None else None

    def _broker_cpu_s(self) -> float:
        if self._broker is None:
            return 0.0
        times = self._broker.cpu_times()
        return float(times.user + times.system)

    def _tell(self, line: str) -> None:
        assert self._sender.stdin is not None
        self._sender.stdin.write(line)
        self._sender.stdin.flush()


class TimedStore(SqlScoreStore):
    """The score store, with the seconds spent in its transactions."""

    seconds = 0.0

    def add(self, unit: JudgedUnit) -> tuple[DeadLetter, ...]:
        started = time.perf_counter()
        refused = super().add(unit)
        self.seconds += time.perf_counter() - started
        return refused
