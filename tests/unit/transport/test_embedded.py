"""The in-process queue's own promises: bounded by frames, statuses always, one consumer at a time."""

from datetime import UTC, datetime
from threading import Thread

import numpy as np
import pytest

from domain.cameras import ConnectionState, StreamStatus
from domain.frames import Frame, FrameFormat, FrameRef
from transport.embedded import EmbeddedConsumer, EmbeddedQueue

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def frame(sequence: int) -> Frame:
    picture = np.zeros((10, 10), np.uint8)
    return Frame(FrameRef("gate", "s1", sequence, None, AT), FrameFormat(10, 10, "gray"), (picture,))


def status(sequence: int) -> StreamStatus:
    return StreamStatus("gate", "s1", sequence, AT, ConnectionState.LIVE)


def sequences(consumer: EmbeddedConsumer, count: int = 100) -> list[int]:
    unit = consumer.poll(count, 0)
    consumer.commit(unit)
    return [each.message.ref.sequence for each in unit.deliveries if isinstance(each.message, Frame)]


def test_a_full_queue_refuses_a_frame_until_one_is_taken() -> None:
    queue = EmbeddedQueue(max_frames=2)
    publisher, consumer = queue.publisher(), queue.consumer()
    assert [publisher.publish(frame(each)) for each in range(3)] == [True, True, False]
    assert sequences(consumer) == [0, 1]
    assert publisher.publish(frame(3))
    assert sequences(consumer) == [3]


def test_a_full_queue_takes_every_status() -> None:
    queue = EmbeddedQueue(max_frames=1)
    publisher = queue.publisher()
    assert publisher.publish(frame(0))
    assert all(publisher.publish(status(0)) for _ in range(50))
    assert queue.consumer().lag() == 51


def test_statuses_take_no_room_from_frames() -> None:
    queue = EmbeddedQueue(max_frames=1)
    publisher = queue.publisher()
    assert all(publisher.publish(status(0)) for _ in range(50))
    assert publisher.publish(frame(0))


def test_the_bytes_of_waiting_pictures_are_bounded_too() -> None:
    queue = EmbeddedQueue(max_frames=100, max_bytes=250)
    publisher, consumer = queue.publisher(), queue.consumer()
    assert [publisher.publish(frame(each)) for each in range(3)] == [True, True, False]
    assert sequences(consumer) == [0, 1]
    assert publisher.publish(frame(3))


def test_one_picture_larger_than_the_bound_still_travels_alone() -> None:
    queue = EmbeddedQueue(max_bytes=50)
    publisher = queue.publisher()
    assert [publisher.publish(frame(each)) for each in range(2)] == [True, False]
    assert sequences(queue.consumer()) == [0]


def test_a_new_consumer_takes_over_with_what_the_old_one_did_not_commit() -> None:
    queue = EmbeddedQueue()
    publisher, old = queue.publisher(), queue.consumer()
    assert all(publisher.publish(frame(each)) for each in range(3))
    unit = old.poll(2, 0)
    new = queue.consumer()
    assert sequences(new) == [0, 1, 2]
    with pytest.raises(RuntimeError, match="took over"):
        old.commit(unit)
    with pytest.raises(RuntimeError, match="took over"):
        old.poll(1, 0)


def test_closing_the_old_consumer_leaves_the_new_one_alone() -> None:
    queue = EmbeddedQueue()
    old, new = queue.consumer(), queue.consumer()
    old.close()
    assert queue.publisher().publish(frame(0))
    assert sequences(new) == [0]


def test_what_is_given_back_counts_against_the_bound_again() -> None:
    queue = EmbeddedQueue(max_frames=1)
    publisher, consumer = queue.publisher(), queue.consumer()
    assert publisher.publish(frame(0))
    consumer.poll(1, 0)
    assert publisher.publish(frame(1))
    consumer.close()
    assert not publisher.publish(frame(2))
    assert sequences(queue.consumer()) == [0, 1]


def test_a_poll_wakes_when_a_message_comes() -> None:
    queue = EmbeddedQueue()
    consumer = queue.consumer()
    late = Thread(target=lambda: queue.publisher().publish(frame(5)))
    late.start()
    unit = consumer.poll(1, 30)
    late.join()
    assert len(unit.deliveries) == 1


def test_dead_letters_are_bounded_and_hold_no_picture() -> None:
    queue = EmbeddedQueue(max_dead_letters=2)
    publisher, consumer = queue.publisher(), queue.consumer()
    assert all(publisher.publish(frame(each)) for each in range(3))
    for delivery in consumer.poll(3, 0).deliveries:
        consumer.dead_letter(delivery, "no detector took it")
    kept = queue.dead_letters()
    assert [(letter.sequence, letter.reason) for letter in kept] == [
        (1, "no detector took it"),
        (2, "no detector took it"),
    ]


def test_many_publishers_keep_the_order_of_each() -> None:
    queue = EmbeddedQueue(max_frames=1000)

    def publish(stream_id: str) -> None:
        publisher = queue.publisher()
        for sequence in range(100):
            ref = FrameRef(stream_id, "s1", sequence, None, AT)
            assert publisher.publish(Frame(ref, FrameFormat(1, 1, "gray"), (np.zeros((1, 1), np.uint8),)))

    threads = [Thread(target=publish, args=(name,)) for name in ("gate", "yard", "dock")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refs = [each.message.ref for each in queue.consumer().poll(1000, 0).deliveries if isinstance(each.message, Frame)]
    assert len(refs) == 300
    for name in ("gate", "yard", "dock"):
        assert [ref.sequence for ref in refs if ref.stream_id == name] == list(range(100))
