from datetime import timedelta

import pytest

from tests.fakes.ports import START
from tests.unit.workers.builders import frame, status
from workers.deduplication import Deduplicator, StoredProgress

STORED_AT = START + timedelta(seconds=4)


def test_a_frame_is_a_repeat_once_it_was_judged() -> None:
    progress = Deduplicator()
    progress.note([frame(sequence=3), frame(sequence=4)])

    assert progress.is_repeat(frame(sequence=4))
    assert progress.is_repeat(frame(sequence=3))
    assert not progress.is_repeat(frame(sequence=5))


@pytest.mark.parametrize("ahead_s", [0, 30, 50_000])
def test_a_number_or_time_far_ahead_hides_none_of_those_that_follow(ahead_s: float) -> None:
    progress = Deduplicator()
    progress.note([frame(sequence=3), frame(sequence=900_000, at=START + timedelta(seconds=4 + ahead_s))])

    assert not any(progress.is_repeat(frame(sequence=number)) for number in range(4, 60))


def test_what_is_stored_is_a_repeat_until_something_new_has_come() -> None:
    progress = Deduplicator()
    progress.resume("gate", StoredProgress("s1", 4, STORED_AT, STORED_AT))

    assert all(progress.is_repeat(frame(sequence=number)) for number in range(5))
    assert not progress.is_repeat(frame(sequence=2, at=STORED_AT + timedelta(seconds=1)))
    assert not progress.is_repeat(frame(sequence=5))
    progress.note([frame(sequence=5)])
    assert not progress.is_repeat(frame(sequence=4))


def test_a_new_session_starts_again() -> None:
    progress = Deduplicator()
    progress.note([frame(sequence=4)])

    assert not progress.is_repeat(frame(sequence=0, session_id="s2"))


def test_statuses_are_distinguished_by_their_time_since_they_may_share_a_sequence() -> None:
    progress = Deduplicator()
    progress.note([status(sequence=3, after_s=2)])

    assert progress.is_repeat(status(sequence=3, after_s=2))
    assert not progress.is_repeat(status(sequence=3, after_s=4))


def test_a_status_does_not_make_a_frame_a_repeat() -> None:
    progress = Deduplicator()
    progress.note([status(sequence=3, after_s=2)])

    assert not progress.is_repeat(frame(sequence=3))


def test_memory_is_bounded() -> None:
    progress = Deduplicator(max_sessions=1)
    progress.note([frame("a")])
    progress.note([frame("b")])

    assert not progress.is_repeat(frame("a"))
