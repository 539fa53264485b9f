"""Kafka from ingest to workers, with the promises of the embedded queue: in order per stream, at least once.

The key is the stream, so a stream has one partition and keeps its order. One poll is one batch; its explicit offsets
are committed after it was stored. A bare commit would commit what was polled since.
"""

import json
import logging
from collections.abc import Mapping
from threading import Condition, Event, Lock
from time import monotonic
from typing import Any, TypeAlias

import kafka
from kafka import errors
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.structs import OffsetAndMetadata, TopicPartition

from domain.errors import ConfigError, FrameRejected
from domain.frames import Frame
from domain.messages import Batch, Delivery, StreamMessage
from transport.codec import decode_message, encode_message
from transport.compression import Compression
from transport.kafka.partition_assignments import PartitionAssignments
from transport.kafka.topics import KafkaSettings, require_fast_checksums

_log = logging.getLogger(__name__)

_FOREVER_MS = 2**31 - 1
_LONGEST_UNIT_S = 600
_FETCH_BYTES = 64 << 20
_LETTER_S, _LETTERS_REST_S = 5.0, 30.0
"""How long a dead letter waits for its topic at most, and how long none is tried after one that could not be sent."""
_LETTER_KEY_BYTES = 1024
"""Of a stranger's key; the producer refuses a record of more than a megabyte."""

_Position: TypeAlias = tuple[int, int]


class KafkaPublisher:
    """`StreamPublisher` on Kafka; `prepare_topics` comes first. Safe to use from several threads.

    At most `max_unacknowledged_frames` frames wait for the broker; one more is refused. What was taken is sent again
    until the broker has it, however long it is unavailable, in order and without doubles (idempotent producer,
    acks=all).
    """

    def __init__(self, settings: KafkaSettings, *, compression: Compression = Compression.ZSTD) -> None:
        require_fast_checksums()
        self._settings = settings
        self._compression = compression
        self._lock = Lock()
        self._acknowledged = Condition(self._lock)
        self._unacknowledged = 0
        self._lost = 0
        self._producer = kafka.KafkaProducer(
            **settings.connection(),
            acks="all",
            enable_idempotence=True,
            delivery_timeout_ms=_FOREVER_MS,
            max_request_size=settings.max_record_bytes,
            max_block_ms=round(settings.answer_within_s * 1e3),
            allow_auto_create_topics=False,
        )
        # The first send would wait for this inside a reader's thread.
        self._producer.partitions_for(settings.topic)

    def publish(self, message: StreamMessage) -> bool:
        is_frame = isinstance(message, Frame)
        if is_frame and self.count_unacknowledged() >= self._settings.max_unacknowledged_frames:
            return False
        whole = encode_message(message, compression=self._compression, max_bytes=self._settings.max_message_bytes)
        self._count(+is_frame, 0)
        sent = self._producer.send(self._settings.topic, key=message.stream_id.encode(), value=whole)
        sent.add_callback(lambda _: self._count(-is_frame, 0))
        sent.add_errback(lambda error: self._fail(is_frame, error))
        return True

    def count_unacknowledged(self) -> int:
        """Return how many frames the broker has not yet acknowledged."""
        with self._lock:
            return self._unacknowledged

    def wait(self, timeout_s: float) -> None:
        """Wait until the broker acknowledged something, at most `timeout_s`."""
        with self._lock:
            self._acknowledged.wait(timeout_s)

    def count_lost(self) -> int:
        """Return how many messages the broker refused for good after they were taken."""
        with self._lock:
            return self._lost

    def close(self) -> None:
        """Deliver what is buffered, for a while, then end; what could not be delivered is counted as lost and said."""
        try:
            self._producer.close(timeout=self._settings.answer_within_s)
        except errors.KafkaError as error:
            with self._lock:
                self._lost += self._unacknowledged
                _log.warning("Kafka did not take the last %d frames: %s", self._unacknowledged, type(error).__name__)

    def _count(self, unacknowledged: int, lost: int) -> None:
        with self._lock:
            self._unacknowledged += unacknowledged
            self._lost += lost
            self._acknowledged.notify_all()

    def _fail(self, is_frame: bool, error: Exception) -> None:
        self._count(-is_frame, 1)
        _log.error("Kafka refused a message for good: %s", type(error).__name__)


class KafkaConsumer:
    """`StreamConsumer` on Kafka: one member of the workers' group. Used by one thread; `lag` by any.

    A broker that is unavailable makes polls empty and keeps commits for later; both are said in the log.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        require_fast_checksums()
        self._settings = settings
        self._in_flight: tuple[Delivery, ...] = ()
        self._polled: dict[TopicPartition, OffsetAndMetadata] = {}
        self._lag = 0
        self._unreadable = 0
        self._expired = 0
        self._next: dict[TopicPartition, int] = {}
        self._letters: Any = None
        self._letters_rest_until_s = float("-inf")
        self._pause = Event()
        self._assignments = PartitionAssignments()
        self._consumer = kafka.KafkaConsumer(
            **settings.connection(),
            group_id=settings.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(CooperativeStickyAssignor,),
            session_timeout_ms=round(settings.session_timeout_s * 1e3),
            heartbeat_interval_ms=round(settings.session_timeout_s * 1e3 / 4),
            max_poll_interval_ms=_LONGEST_UNIT_S * 1000,
            fetch_max_bytes=_FETCH_BYTES,
            max_partition_fetch_bytes=settings.max_record_bytes,
            fetch_max_wait_ms=100,
            metadata_max_age_ms=30_000,
            allow_auto_create_topics=False,
        )
        self._consumer.subscribe([settings.topic], listener=self._assignments)
        # A member that leads its group before it knows the topic assigns nothing, and no one asks again.
        self._consumer.partitions_for_topic(settings.topic)

    def poll(self, max_messages: int, timeout_s: float) -> Batch:
        if self._in_flight:
            raise RuntimeError("the batch polled before is not committed")
        started = monotonic()
        try:
            fetched = self._consumer.poll(timeout_ms=round(timeout_s * 1e3), max_records=max_messages)
            self._lag = self._count_waiting()
        except errors.KafkaError as error:
            _log.warning("Kafka does not answer (%s); trying again", type(error).__name__)
            self._pause.wait(max(0.0, timeout_s - (monotonic() - started)))
            return Batch(())
        self._count_expired(fetched)
        self._in_flight = tuple(self._deliveries(fetched))
        for partition, records in fetched.items():
            self._polled[partition] = OffsetAndMetadata(records[-1].offset + 1, "", -1)
        if not self._in_flight:
            self._commit_polled()
        return Batch(self._in_flight)

    def commit(self, batch: Batch) -> None:
        if [each.position for each in batch.deliveries] != [each.position for each in self._in_flight]:
            raise RuntimeError("only the batch polled last can be committed")
        self._in_flight = ()
        self._commit_polled()

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """Send the message's name and the reason, without its picture, to the dead letter topic."""
        head = delivery.message
        names = {
            "stream_id": head.stream_id,
            "session_id": head.session_id,
            "sequence": head.sequence,
            "received_at": head.received_at.isoformat(),
        }
        self._send_dead_letter(head.stream_id.encode(), names, reason, delivery.position)

    def lag(self) -> int:
        """Return how many messages of this worker's partitions waited after the last poll."""
        return self._lag

    def assignment_of(self, stream_id: str) -> int | None:
        return self._assignments.of(stream_id, len(self._consumer.partitions_for_topic(self._settings.topic) or (0,)))

    def count_unreadable(self) -> int:
        """Return how many messages could not be decoded and became dead letters."""
        return self._unreadable

    def count_expired(self) -> int:
        """Return how many messages Kafka deleted before this worker read them (`retention_minutes`)."""
        return self._expired

    def close(self) -> None:
        """Leave the group at once, so that others take over now and not after the session timeout."""
        self._in_flight = ()
        self._consumer.close(autocommit=False, timeout_ms=round(self._settings.answer_within_s * 1e3))
        if self._letters is not None:
            self._letters.close(timeout=self._settings.answer_within_s)

    def _deliveries(self, fetched: Mapping[TopicPartition, Any]) -> list[Delivery]:
        deliveries = []
        for partition, records in fetched.items():
            for record in records:
                position: _Position = (partition.partition, record.offset)
                try:
                    message = decode_message(record.value or b"", max_bytes=self._settings.max_message_bytes)
                except FrameRejected as error:
                    self._refuse(record, position, str(error))
                except ConfigError:
                    raise
                except Exception as error:  # noqa: BLE001 - bytes of a stranger must not stop their partition
                    self._refuse(record, position, f"malformed message: {type(error).__name__} while it was read")
                else:
                    deliveries.append(Delivery(message, position))
        return deliveries

    def _refuse(self, record: Any, position: _Position, reason: str) -> None:
        _log.warning("a message at %s was put aside: %s", position, reason)
        self._unreadable += 1
        self._send_dead_letter(record.key, {"bytes": len(record.value or b"")}, reason, position)

    def _count_expired(self, fetched: Mapping[TopicPartition, Any]) -> None:
        """Notice where the offsets go on further than they ended; without transactions every offset is a message."""
        for partition in self._next.keys() - self._consumer.assignment():
            del self._next[partition]  # others read it meanwhile
        for partition, records in fetched.items():
            gone = records[0].offset - self._next.get(partition, records[0].offset)
            if gone > 0:
                self._expired += gone
                _log.error("Kafka deleted %d messages of partition %d unread", gone, partition.partition)
            self._next[partition] = records[-1].offset + 1

    def _commit_polled(self) -> None:
        """Commit all offsets done with; keep them for the next time while the broker is unavailable."""
        if not self._polled:
            return
        try:
            self._consumer.commit(self._polled, timeout_ms=round(self._settings.answer_within_s * 1e3))
        except errors.RetriableError as error:
            _log.warning("Kafka did not take a commit (%s); it goes with the next", type(error).__name__)
            return
        except errors.KafkaError as error:
            # The group gave the partitions to others meanwhile: they get the batch again, and storing it again changes
            # nothing.
            _log.warning("a commit came too late (%s); its batch will be delivered again", type(error).__name__)
        self._polled = {}

    def _count_waiting(self) -> int:
        lag = 0
        for partition in self._consumer.assignment():
            end, position = self._consumer.highwater(partition), self._consumer.position(partition, timeout_ms=0)
            if end is not None and position is not None:
                lag += max(0, end - position)
        return lag

    def _send_dead_letter(self, key: bytes | None, names: Mapping[str, object], reason: str, position: object) -> None:
        """Send a dead letter. One that cannot be sent is logged and skipped; its message is handled all the same."""
        if monotonic() < self._letters_rest_until_s:
            return
        letter = json.dumps({**names, "reason": reason, "position": position}).encode()
        try:
            if self._letters is None:
                self._letters = kafka.KafkaProducer(
                    **self._settings.connection(), acks="all", max_block_ms=round(_LETTER_S * 1e3)
                )
            self._letters.send(self._settings.dead_letter_topic, key=(key or b"")[:_LETTER_KEY_BYTES], value=letter)
        except (errors.KafkaError, AssertionError, ValueError) as error:
            # Each attempt may wait for its whole time limit, and a topic may be full of such messages.
            self._letters_rest_until_s = monotonic() + _LETTERS_REST_S
            _log.warning(
                "a message was put aside without a dead letter (%s); none is tried for %.0f s",
                type(error).__name__,
                _LETTERS_REST_S,
            )
