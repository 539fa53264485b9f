"""The in-process queue from ingest to workers: bounded, in order per stream, at least once.

It keeps the promises of the cluster's transport inside one process: what was polled and not committed is delivered
again to the next consumer. Nothing here survives the process. A status is never refused; while no worker polls, those
that repeat their neighbours make room (`transport/status_backlog.py`).
"""

import time
from collections import OrderedDict, deque
from threading import Condition

from domain.cameras import StreamStatus
from domain.frames import Frame
from domain.messages import Batch, DeadLetter, Delivery, StreamMessage
from transport.status_backlog import MAX_WAITING_STATUSES, StatusBacklog


class EmbeddedQueue:
    """One queue with any number of publishers and one consumer at a time; a new consumer takes over from the last.

    A frame is refused while `max_frames` frames or `max_bytes` bytes of pictures wait; a status never is, but at most
    `max_statuses` of a stream wait. One batch more may be with the consumer. The last `max_dead_letters` dead
    letters are kept, without their pictures.
    """

    def __init__(
        self,
        *,
        max_frames: int = 256,
        max_bytes: int = 512 << 20,
        max_statuses: int = MAX_WAITING_STATUSES,
        max_dead_letters: int = 100,
    ) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._changed = Condition()
        self._waiting: OrderedDict[int, StreamMessage] = OrderedDict()
        self._statuses = StatusBacklog(max_statuses)
        self._uncommitted: dict[int, StreamMessage] = {}
        self._frames = 0
        self._bytes = 0
        self._published = 0
        self._consumer: EmbeddedConsumer | None = None
        self._dead_letters: deque[DeadLetter] = deque(maxlen=max_dead_letters)

    def publisher(self) -> "EmbeddedPublisher":
        return EmbeddedPublisher(self)

    def consumer(self) -> "EmbeddedConsumer":
        """Return a consumer that starts with what the one before polled and did not commit."""
        with self._changed:
            self._give_back()
            self._consumer = EmbeddedConsumer(self)
            return self._consumer

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        with self._changed:
            return tuple(self._dead_letters)

    def put(self, message: StreamMessage) -> bool:
        """Append a message; False when it is a frame and there is no room for it."""
        with self._changed:
            if isinstance(message, Frame):
                full = self._frames >= self._max_frames or self._bytes + message.nbytes > self._max_bytes
                if full and self._frames > 0:
                    return False
                self._frames += 1
                self._bytes += message.nbytes
            self._append(self._published, message)
            self._published += 1
            self._changed.notify_all()
            return True

    def take(self, consumer: "EmbeddedConsumer", max_messages: int, timeout_s: float) -> Batch:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._require(consumer)
            if self._uncommitted:
                raise RuntimeError("the batch polled before is not committed")
            while not self._waiting and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
                self._require(consumer)
            count = min(max_messages, len(self._waiting))
            self._uncommitted = dict(self._waiting.popitem(last=False) for _ in range(count))
            for position, message in self._uncommitted.items():
                if isinstance(message, StreamStatus):
                    self._statuses.remove(position, message)
            self._account(-1)
            return Batch(tuple(Delivery(message, position) for position, message in self._uncommitted.items()))

    def commit(self, consumer: "EmbeddedConsumer", batch: Batch) -> None:
        with self._changed:
            self._require(consumer)
            if [each.position for each in batch.deliveries] != list(self._uncommitted):
                raise RuntimeError("only the batch polled last can be committed")
            self._uncommitted = {}

    def add_dead_letter(self, delivery: Delivery, reason: str) -> None:
        with self._changed:
            self._dead_letters.append(DeadLetter.of(delivery.message, reason))

    def coalesced_count(self) -> int:
        """Return how many statuses were dropped because later ones said the same."""
        with self._changed:
            return self._statuses.coalesced_count

    def count_waiting(self) -> int:
        with self._changed:
            return len(self._waiting)

    def release(self, consumer: "EmbeddedConsumer") -> None:
        with self._changed:
            if self._consumer is consumer:
                self._give_back()
                self._consumer = None

    def _require(self, consumer: "EmbeddedConsumer") -> None:
        if self._consumer is not consumer:
            raise RuntimeError("this consumer is closed, or another one took over")

    def _append(self, position: int, message: StreamMessage) -> None:
        self._waiting[position] = message
        if isinstance(message, StreamStatus):
            gone = self._statuses.add(position, message)
            if gone is not None:
                del self._waiting[gone]

    def _give_back(self) -> None:
        self._account(+1)
        newer, self._waiting = self._waiting, OrderedDict()
        given_back, self._uncommitted = self._uncommitted, {}
        self._waiting.update(given_back)
        self._waiting.update(newer)
        for position, message in given_back.items():
            self._append(position, message)
        self._changed.notify_all()

    def _account(self, sign: int) -> None:
        frames = [message for message in self._uncommitted.values() if isinstance(message, Frame)]
        self._frames += sign * len(frames)
        self._bytes += sign * sum(frame.nbytes for frame in frames)


class EmbeddedPublisher:
    """`StreamPublisher` of an `EmbeddedQueue`."""

    def __init__(self, queue: EmbeddedQueue) -> None:
        self._queue = queue

    def publish(self, message: StreamMessage) -> bool:
        return self._queue.put(message)

    def close(self) -> None:
        """Nothing is buffered here: what was published already waits in the queue."""


class EmbeddedConsumer:
    """`StreamConsumer` of an `EmbeddedQueue`."""

    def __init__(self, queue: EmbeddedQueue) -> None:
        self._queue = queue

    def poll(self, max_messages: int, timeout_s: float) -> Batch:
        return self._queue.take(self, max_messages, timeout_s)

    def commit(self, batch: Batch) -> None:
        self._queue.commit(self, batch)

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        self._queue.add_dead_letter(delivery, reason)

    def count_unreadable(self) -> int:
        """Return 0: nothing is made of bytes here."""
        return 0

    def count_expired(self) -> int:
        """Return 0: nothing is deleted here."""
        return 0

    def assignment_of(self, stream_id: str) -> int:
        """Return the same number always: every stream comes here."""
        return 0

    def lag(self) -> int:
        return self._queue.count_waiting()

    def close(self) -> None:
        self._queue.release(self)
