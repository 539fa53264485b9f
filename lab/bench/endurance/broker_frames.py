"""What the broker has taken: every frame's name, read from the topic itself by a consumer of its own."""

import json
import logging
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import kafka
from kafka import TopicPartition, errors

from lab.bench.endurance.stored_results import FrameKey

_PREFIX = struct.Struct("<BBBI")
_FRAME = 1


@dataclass
class BrokerFrames:
    """Frames by name, in the order of the topic's partitions. Messages that are no frames of ours are left out."""

    servers: str
    topic: str
    partitions: int
    keys: set[FrameKey] = field(default_factory=set)
    failure: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)

    def now(self) -> set[FrameKey]:
        """Return the frames that the broker had taken when it was last looked at."""
        with self._lock:
            return set(self.keys)

    def follow(self) -> None:
        """Read until stopped, through restarts of the broker."""
        consumer = kafka.KafkaConsumer(
            bootstrap_servers=[self.servers],
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            reconnect_backoff_max_ms=500,
        )
        consumer.assign([TopicPartition(self.topic, number) for number in range(self.partitions)])
        try:
            while not self._stop.is_set():
                try:
                    batches = consumer.poll(timeout_ms=200)
                except errors.KafkaError as error:
                    logging.getLogger(__name__).debug("the broker is unavailable: %s", error)
                    continue
                found = {key for records in batches.values() for record in records if (key := frame_key(record.value))}
                with self._lock:
                    self.keys |= found
        except Exception as error:  # noqa: BLE001 - the thread's outermost guard
            # A reader that ended unseen would look like a broker that takes nothing.
            self.failure = f"the topic could not be followed: {type(error).__name__}: {error}"
        finally:
            consumer.close()

    def stop(self) -> None:
        self._stop.set()


def frame_key(message: bytes | None) -> FrameKey | None:
    """Return the name of the frame that a message holds, None where it holds none."""
    if message is None or len(message) < _PREFIX.size:
        return None
    _, kind, _, length = _PREFIX.unpack_from(message)
    if kind != _FRAME:
        return None
    try:
        ref = json.loads(message[_PREFIX.size : _PREFIX.size + length])["ref"]
        return str(ref["stream_id"]), str(ref["session_id"]), int(ref["sequence"])
    except (ValueError, KeyError, TypeError):
        return None


@contextmanager
def follow_topic(taken: BrokerFrames) -> Iterator[BrokerFrames]:
    """Follow while the block runs."""
    thread = threading.Thread(target=taken.follow, name="taken", daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        taken.stop()
        thread.join(20.0)
