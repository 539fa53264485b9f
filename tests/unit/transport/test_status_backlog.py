"""Which waiting statuses make room, and what is left of an outage in the queue."""

from datetime import UTC, datetime, timedelta

from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from tests.unit.transport.test_embedded import frame
from transport.embedded import EmbeddedQueue
from transport.status_backlog import MAX_WAITING_STATUSES, StatusBacklog, find_superseded

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LIVE, LOST = ("s1", ConnectionState.LIVE, ""), ("s1", ConnectionState.LOST, "gone")
NEXT = ("s2", ConnectionState.LIVE, "")


def status(
    number: int, state: ConnectionState = ConnectionState.LIVE, *, session: str = "s1", stream: str = "gate"
) -> StreamStatus:
    counters = StreamCounters(frames_dropped=number)
    return StreamStatus(stream, session, number, AT + timedelta(seconds=2 * number), state, counters=counters)


def poll_statuses(queue: EmbeddedQueue) -> list[StreamStatus]:
    unit = queue.consumer().poll(10_000, 0.0)
    return [each.message for each in unit.deliveries if isinstance(each.message, StreamStatus)]


def test_the_oldest_of_a_run_goes_but_not_its_first_or_last() -> None:
    assert find_superseded([LIVE, LIVE, LIVE, LIVE]) == 1
    assert find_superseded([LIVE, LOST, LOST, LOST, LIVE]) == 2


def test_a_new_session_is_a_run_of_its_own() -> None:
    assert find_superseded([LIVE, LIVE, NEXT, NEXT, NEXT]) == 3


def test_where_all_differ_the_oldest_goes() -> None:
    assert find_superseded([LIVE, LOST, NEXT]) == 0
    assert find_superseded([LIVE, LIVE, LOST, LOST]) == 0


def test_a_store_away_for_a_day_leaves_the_beginning_the_changes_and_the_latest() -> None:
    queue = EmbeddedQueue()
    publisher = queue.publisher()
    for number in range(43_200):  # a day, one in two seconds; lost from noon on
        publisher.publish(status(number, ConnectionState.LIVE if number < 21_600 else ConnectionState.LOST))
    assert queue.count_waiting() == MAX_WAITING_STATUSES
    assert queue.coalesced_count() == 43_200 - MAX_WAITING_STATUSES
    kept = [each.sequence for each in poll_statuses(queue)]
    assert kept == sorted(kept)
    assert {0, 21_599, 21_600, 43_199} <= set(kept)


def test_a_camera_that_flaps_all_day_is_bounded_too_and_its_present_is_kept() -> None:
    queue = EmbeddedQueue()
    for number in range(1000):
        queue.publisher().publish(status(number, list(ConnectionState)[number % 3], session=f"s{number}"))
    assert [each.sequence for each in poll_statuses(queue)] == list(range(1000 - MAX_WAITING_STATUSES, 1000))


def test_each_stream_has_its_own_room_and_frames_keep_their_place() -> None:
    queue = EmbeddedQueue()
    publisher = queue.publisher()
    publisher.publish(status(0, stream="yard"))
    publisher.publish(frame(7))
    for number in range(200):
        publisher.publish(status(number))
    messages = [each.message for each in queue.consumer().poll(10_000, 0.0).deliveries]
    assert isinstance(messages[0], StreamStatus)
    assert messages[0].stream_id == "yard"
    assert not isinstance(messages[1], StreamStatus)
    assert len(messages) == 2 + MAX_WAITING_STATUSES


def test_what_was_taken_and_given_back_is_bounded_with_the_rest_and_stays_in_order() -> None:
    queue = EmbeddedQueue()
    publisher = queue.publisher()
    for number in range(50):
        publisher.publish(status(number))
    queue.consumer().poll(50, 0.0)
    for number in range(50, 120):
        publisher.publish(status(number))
    kept = [each.sequence for each in poll_statuses(queue)]  # a new consumer is given back what the last one held
    assert kept == sorted(kept)
    assert (kept[0], kept[-1], len(kept)) == (0, 119, MAX_WAITING_STATUSES)


def test_what_was_taken_makes_room() -> None:
    statuses = StatusBacklog(most=2)
    assert [statuses.add(n, status(n)) for n in range(3)] == [None, None, 1]
    statuses.remove(0, status(0))
    statuses.remove(2, status(2))
    assert [statuses.add(n, status(n)) for n in (3, 4)] == [None, None]
