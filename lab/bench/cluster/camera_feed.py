"""Cameras fed from memory into Kafka at their own pace, which keep the list of what the transport took."""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeAlias

from kafka.partitioner.default import murmur2

from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from domain.faults import Fault
from domain.frames import Frame, FrameRef
from lab.bench.cluster.scenario import CameraScenario
from lab.bench.moving_pictures import MovingPictures, Planes, yuv420p
from transport.codec import encode_message
from transport.compression import Compression
from transport.kafka.clients import KafkaPublisher

_POOL = 16
"""Pictures made beforehand; neighbours differ in their noise."""

FrameKey: TypeAlias = tuple[str, str, int]
"""(stream, session, sequence): what names a frame."""


class CameraFeed:
    """Publishes one frame and one status of each camera every `every_s` seconds, evenly spread, until stopped.

    `accepted` are the frames the transport took, `refused` counts those it had no room for. One thread publishes.
    """

    def __init__(
        self,
        publisher: KafkaPublisher,
        parts: Sequence[CameraScenario],
        *,
        width: int = 320,
        height: int = 180,
        every_s: float = 1.0,
    ) -> None:
        self._publisher = publisher
        self._parts = parts
        self._every_s = every_s
        self._format = yuv420p(width, height)
        pictures = MovingPictures(width, height)
        self._pool: list[Planes] = [pictures.planes() for _ in range(_POOL)]
        self._sequence = dict.fromkeys((part.camera for part in parts), 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.began_s = time.monotonic()
        self.accepted: set[FrameKey] = set()
        self.refused = 0
        self.failure = ""

    @property
    def frame_bytes(self) -> float:
        """Return the mean size of a frame as a message."""
        ref = FrameRef(self._parts[0].camera, "s1", 0, 0.0, datetime.now(UTC))
        frames = [Frame(ref, self._format, planes, key_frame=True) for planes in self._pool]
        return sum(len(encode_message(frame, compression=Compression.ZSTD)) for frame in frames) / len(frames)

    def elapsed_s(self) -> float:
        """Return the seconds since the feed began."""
        return time.monotonic() - self.began_s

    def streaming_cameras(self) -> frozenset[str]:
        """Return the cameras that send pictures now."""
        now_s = self.elapsed_s()
        return frozenset(part.camera for part in self._parts if part.shows(now_s) is not Fault.SIGNAL_LOSS)

    def start(self) -> None:
        self.began_s = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        beat = 0
        while not self._stop.is_set():
            for place, part in enumerate(self._parts):
                due_s = (beat + place / len(self._parts)) * self._every_s
                self._stop.wait(max(0.0, due_s - self.elapsed_s()))
                try:
                    self._send(part)
                except Exception as error:  # noqa: BLE001 - the thread's outermost guard
                    # A feed that ended unseen would look like a cluster that loses nothing.
                    self.failure = f"{type(error).__name__}: {error}"
            beat = max(beat + 1, int(self.elapsed_s() / self._every_s))

    def _send(self, part: CameraScenario) -> None:
        shown, at = part.shows(self.elapsed_s()), datetime.now(UTC)
        lost = shown is Fault.SIGNAL_LOSS
        if not lost:
            self._send_frame(part.camera, at, frozen=shown is Fault.FREEZE)
        sequence = self._sequence[part.camera]
        state = ConnectionState.LOST if lost else ConnectionState.LIVE
        counters = StreamCounters(
            frames_offered=sequence,
            fps=1 / self._every_s,
            codec="h264",
            width=self._format.width,
            height=self._format.height,
        )
        reason = "cut by the script" if lost else ""
        self._publisher.publish(
            StreamStatus(part.camera, "s1", sequence - 1, at, state, reason, None if lost else at, counters)
        )

    def _send_frame(self, camera: str, at: datetime, *, frozen: bool) -> None:
        sequence = self._sequence[camera]
        self._sequence[camera] += 1
        ref = FrameRef(camera, "s1", sequence, float(sequence), at)
        shown = self._pool[0 if frozen else sequence % _POOL]
        if self._publisher.publish(Frame(ref, self._format, shown, key_frame=True)):
            self.accepted.add((camera, "s1", sequence))
        else:
            self.refused += 1


@contextmanager
def run_feed(publisher: KafkaPublisher, feed: CameraFeed) -> Iterator[CameraFeed]:
    """Feed for the length of the block; what was taken is delivered before it ends."""
    try:
        feed.start()
        yield feed
    finally:
        feed.stop()
        publisher.close()


def spread_cameras(count: int, partitions: int) -> list[str]:
    """Return names of cameras that lie in partitions of their own, so that each worker has some of them.

    `count` must not exceed `partitions`. The key's partition is Kafka's murmur2 of its name.
    """
    taken: dict[int, str] = {}
    for name in (f"camera-{number:03d}" for number in itertools.count()):
        taken.setdefault((murmur2(name.encode()) & 0x7FFFFFFF) % partitions, name)
        if len(taken) == count:
            return sorted(taken.values())
    raise AssertionError("names do not end")
