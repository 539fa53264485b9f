"""Cameras from memory as a process of its own, so that the cost of sending is measured apart from scoring.

Over its input: one line of JSON, then `count` (answered by one line of JSON); the end of the input ends it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from lab.bench.cluster.camera_feed import CameraFeed, run_feed
from lab.bench.cluster.scenario import CameraScenario
from lab.bench.cluster.worker_setup import WorkerSetup
from transport.kafka.clients import KafkaPublisher


@dataclass(frozen=True, slots=True)
class FeedProcessSetup:
    """Which cameras send how much where."""

    wiring: WorkerSetup
    cameras: tuple[str, ...]
    frames_per_s: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SentCount:
    """What was sent so far; `frame_bytes` is the mean message of one frame."""

    accepted: int
    refused: int
    frame_bytes: float


SETUP: TypeAdapter[FeedProcessSetup] = TypeAdapter(FeedProcessSetup)


class FeedProcess:
    """The process, seen from outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def count(self) -> SentCount:
        self.tell("count\n")
        assert self._process.stdout is not None
        return SentCount(**json.loads(self._process.stdout.readline()))

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()


@contextmanager
def start_feed_process(setup: FeedProcessSetup) -> Iterator[FeedProcess]:
    """Send for the length of the block."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "lab.bench.cluster.feed_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        sender = FeedProcess(process)
        sender.tell(SETUP.dump_json(setup).decode() + "\n")
        yield sender


def main() -> None:
    """Send until the input ends."""
    setup = SETUP.validate_json(sys.stdin.readline())
    parts = [CameraScenario(name) for name in setup.cameras]
    publisher = KafkaPublisher(setup.wiring.kafka())
    feed = CameraFeed(publisher, parts, width=setup.width, height=setup.height, every_s=1 / setup.frames_per_s)
    with run_feed(publisher, feed):
        for _ in sys.stdin:
            count = SentCount(len(feed.accepted), feed.refused, feed.frame_bytes)
            sys.stdout.write(json.dumps(asdict(count)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
