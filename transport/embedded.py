"""The in-process queue from ingest to workers: bounded by frames, in order per stream, at least once.

It keeps the promises of the cluster's transport inside one process: what was polled and not committed is delivered
again to the next consumer. Nothing here survives the process.
"""

import time
from collections import deque
from threading import Condition

from domain.frames import Frame
from domain.units import DeadLetter, Delivery, StreamMessage, Unit


class EmbeddedQueue:
    """One queue with any number of publishers and one consumer at a time; a new consumer takes over from the last.

    A frame is refused while `max_frames` frames or `max_bytes` bytes of pictures wait; a status never is. One unit
    more may be in the consumer's hands. The last `max_dead_letters` dead letters are kept, without their pictures.
    """

    def __init__(self, *, max_frames: int = 256, max_bytes: int = 512 << 20, max_dead_letters: int = 100) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._changed = Condition()
        self._waiting: deque[Delivery] = deque()
        self._uncommitted: tuple[Delivery, ...] = ()
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
            size = _size(message)
            if isinstance(message, Frame):
                full = self._frames >= self._max_frames or self._bytes + size > self._max_bytes
                if full and self._frames > 0:
                    return False
                self._frames += 1
                self._bytes += size
            self._waiting.append(Delivery(message, self._published))
            self._published += 1
            self._changed.notify_all()
            return True

    def take(self, consumer: "EmbeddedConsumer", max_messages: int, timeout_s: float) -> Unit:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._require(consumer)
            if self._uncommitted:
                raise RuntimeError("the unit polled before is not committed")
            while not self._waiting and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
                self._require(consumer)
            count = min(max_messages, len(self._waiting))
            self._uncommitted = tuple(self._waiting.popleft() for _ in range(count))
            self._account(-1)
            return Unit(self._uncommitted)

    def done(self, consumer: "EmbeddedConsumer", unit: Unit) -> None:
        with self._changed:
            self._require(consumer)
            if [each.position for each in unit.deliveries] != [each.position for each in self._uncommitted]:
                raise RuntimeError("only the unit polled last can be committed")
            self._uncommitted = ()

    def put_aside(self, delivery: Delivery, reason: str) -> None:
        ref = delivery.message.ref if isinstance(delivery.message, Frame) else delivery.message
        letter = DeadLetter(ref.stream_id, ref.session_id, ref.sequence, ref.received_at, reason)
        with self._changed:
            self._dead_letters.append(letter)

    def waiting(self) -> int:
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

    def _give_back(self) -> None:
        self._account(+1)
        self._waiting.extendleft(reversed(self._uncommitted))
        self._uncommitted = ()
        self._changed.notify_all()

    def _account(self, sign: int) -> None:
        frames = [delivery.message for delivery in self._uncommitted if isinstance(delivery.message, Frame)]
        self._frames += sign * len(frames)
        self._bytes += sign * sum(_size(frame) for frame in frames)


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

    def poll(self, max_messages: int, timeout_s: float) -> Unit:
        return self._queue.take(self, max_messages, timeout_s)

    def commit(self, unit: Unit) -> None:
        self._queue.done(self, unit)

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        self._queue.put_aside(delivery, reason)

    def unreadable(self) -> int:
        """Return 0: nothing is made of bytes here."""
        return 0

    def expired(self) -> int:
        """Return 0: nothing is deleted here."""
        return 0

    def lag(self) -> int:
        return self._queue.waiting()

    def close(self) -> None:
        self._queue.release(self)


def _size(message: StreamMessage) -> int:
    return sum(plane.nbytes for plane in message.planes) if isinstance(message, Frame) else 0
