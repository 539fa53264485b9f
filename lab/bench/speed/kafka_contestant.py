"""The pipeline over a broker, as a contestant of its own: needs the extra 'cluster'."""

import secrets
import subprocess
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import psutil

from detectors.registry import DetectorSet
from lab.bench.clocks import WallClock
from lab.bench.speed.contestants import ScoringPath, Units
from lab.bench.speed.pipeline_frames import PipelineLoad
from lab.bench.speed.sender_process import PipelineSenderSetup
from lab.services import Service
from transport.kafka.clients import KafkaConsumer
from transport.kafka.topics import KafkaSettings, prepare_topics


class KafkaPipeline:
    """A sender as a process of its own, a broker, and here consumer, worker, judge and SQLite."""

    def __init__(
        self,
        plan: PipelineLoad,
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
                [sys.executable, "-P", "-m", "lab.bench.speed.sender_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[3],
            )
        )
        self._tell(PipelineSenderSetup(broker.address, settings.topic, plan, began_at).line())
        self._broker = psutil.Process(broker.pid) if broker.pid else None
        self._sender_cpu_s = self._sender_began_s = self._broker_began_s = 0.0
        consumer = KafkaConsumer(settings)
        stack.callback(consumer.close)
        self.judging = ScoringPath(plan, detectors, database, consumer)

    def prepare(self) -> None:
        self._tell("make\n")
        assert self._sender.stdout is not None
        self._sender_cpu_s = float(self._sender.stdout.readline().split()[1])

    def run(self, units: Units) -> None:
        """Have the same frames sent from over there, and judge until all are stored."""
        due = self.judging.frames_scored() + self._frames
        self._tell("send\n")
        while self.judging.frames_scored() < due:
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
