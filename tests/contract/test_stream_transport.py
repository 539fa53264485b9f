"""What every transport promises between ingest and workers: order per stream, one unit at a time, at least once."""

import time
from collections.abc import Iterator

import pytest

from domain.frames import Frame
from domain.messages import Batch, StreamMessage
from domain.ports import StreamConsumer
from tests.contract.conftest import Transport
from tests.contract.records import frame, status

POLL_S = 0.2
DEADLINE_S = 30.0


def name_message(message: StreamMessage) -> tuple[str, str, int]:
    return type(message).__name__, message.stream_id, message.sequence


def name_messages(unit: Batch) -> list[tuple[str, str, int]]:
    return [name_message(delivery.message) for delivery in unit.deliveries]


def poll_batches(consumer: StreamConsumer, count: int) -> Iterator[Batch]:
    """Poll units until they hold `count` messages; the one asking commits."""
    deadline = time.monotonic() + DEADLINE_S
    while count > 0:
        assert time.monotonic() < deadline, f"{count} messages did not come"
        unit = consumer.poll(count, POLL_S)
        count -= len(unit.deliveries)
        if unit.deliveries:
            yield unit


def receive_messages(consumer: StreamConsumer, count: int) -> list[StreamMessage]:
    messages: list[StreamMessage] = []
    for unit in poll_batches(consumer, count):
        messages += [delivery.message for delivery in unit.deliveries]
        consumer.commit(unit)
    return messages


def publish(transport: Transport, *messages: StreamMessage) -> None:
    publisher = transport.publisher()
    assert all(publisher.publish(message) for message in messages)
    publisher.close()


def test_frames_and_statuses_of_a_stream_arrive_in_the_order_published(transport: Transport) -> None:
    sent = [message for each in range(5) for message in (frame("gate", each), status("gate", each))]
    publish(transport, *sent)
    assert [name_message(message) for message in receive_messages(transport.consumer(), 10)] == [
        name_message(message) for message in sent
    ]


def test_each_of_several_streams_keeps_its_own_order(transport: Transport) -> None:
    publish(transport, *(frame(stream, each) for each in range(6) for stream in ("gate", "yard", "dock")))
    messages = receive_messages(transport.consumer(), 18)
    for stream in ("gate", "yard", "dock"):
        assert [number for _, of, number in map(name_message, messages) if of == stream] == list(range(6))


def test_a_message_arrives_as_it_was_published_to_the_last_sample(transport: Transport) -> None:
    sent = frame("gate", 3)
    publish(transport, sent, status("gate", 3))
    picture, state = receive_messages(transport.consumer(), 2)
    assert isinstance(picture, Frame)
    assert (picture.ref, picture.format, picture.key_frame, picture.qp) == (sent.ref, sent.format, True, 23.5)
    assert [plane.tolist() for plane in picture.planes] == [plane.tolist() for plane in sent.planes]
    assert state == status("gate", 3)


def test_a_unit_is_never_larger_than_asked(transport: Transport) -> None:
    publish(transport, *(frame("gate", each) for each in range(5)))
    consumer = transport.consumer()
    first = next(poll_batches(consumer, 2))
    assert 1 <= len(first.deliveries) <= 2


def test_an_empty_poll_is_an_empty_unit_that_needs_no_commit(transport: Transport) -> None:
    consumer = transport.consumer()
    assert consumer.poll(10, 0.01).deliveries == ()
    assert consumer.poll(10, 0.01).deliveries == ()


def test_the_unit_before_must_be_committed(transport: Transport) -> None:
    publish(transport, frame("gate", 0), frame("gate", 1))
    consumer = transport.consumer()
    next(poll_batches(consumer, 1))
    with pytest.raises(RuntimeError, match="not committed"):
        consumer.poll(1, POLL_S)


def test_only_the_unit_polled_last_can_be_committed(transport: Transport) -> None:
    publish(transport, frame("gate", 0), frame("gate", 1))
    consumer = transport.consumer()
    first = next(poll_batches(consumer, 1))
    consumer.commit(first)
    next(poll_batches(consumer, 1))
    with pytest.raises(RuntimeError, match="polled last"):
        consumer.commit(first)


def test_what_was_not_committed_is_delivered_again_in_order(transport: Transport) -> None:
    publish(transport, *(frame("gate", each) for each in range(4)))
    before = transport.consumer()
    lost = next(poll_batches(before, 3))
    before.close()
    again = receive_messages(transport.consumer(), 4)
    assert [name_message(message) for message in again] == [("Frame", "gate", each) for each in range(4)]
    assert name_messages(lost) == [name_message(message) for message in again][: len(lost.deliveries)]


def test_what_was_committed_is_not_delivered_again(transport: Transport) -> None:
    publish(transport, *(frame("gate", each) for each in range(4)))
    before = transport.consumer()
    assert len(receive_messages(before, 3)) == 3
    before.close()
    after = transport.consumer()
    assert [name_message(message) for message in receive_messages(after, 1)] == [("Frame", "gate", 3)]
    assert after.poll(10, POLL_S).deliveries == ()


def test_messages_published_after_the_consumer_started_arrive(transport: Transport) -> None:
    consumer = transport.consumer()
    assert consumer.poll(1, 0.01).deliveries == ()
    publish(transport, frame("gate", 0))
    assert [name_message(message) for message in receive_messages(consumer, 1)] == [("Frame", "gate", 0)]


def test_lag_counts_what_waits(transport: Transport) -> None:
    publish(transport, *(frame("gate", each) for each in range(5)))
    consumer = transport.consumer()
    first = next(poll_batches(consumer, 2))
    assert consumer.lag() == 5 - len(first.deliveries)
    consumer.commit(first)
    receive_messages(consumer, 5 - len(first.deliveries))
    assert consumer.lag() == 0


def test_a_dead_letter_names_the_frame_and_the_reason(transport: Transport) -> None:
    publish(transport, frame("gate", 7))
    consumer = transport.consumer()
    unit = next(poll_batches(consumer, 1))
    consumer.dead_letter(unit.deliveries[0], "planes do not fit the format")
    consumer.commit(unit)
    assert transport.put_aside() == [("gate", 7, "planes do not fit the format")]
