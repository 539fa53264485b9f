from datetime import timedelta

from tests.fakes.ports import START
from workers.idle_streams import IdleStreams, tick_time


def test_a_stream_is_due_once_it_was_silent_long_enough() -> None:
    idle = IdleStreams(tick_after_s=5)
    idle.note_message("gate", START)

    assert idle.due(["gate"], START + timedelta(seconds=4)) == ()
    assert idle.due(["gate"], START + timedelta(seconds=5)) == ("gate",)


def test_a_stream_never_heard_starts_to_count_at_the_first_question() -> None:
    idle = IdleStreams(tick_after_s=5)

    assert idle.due(["gate"], START) == ()
    assert idle.due(["gate"], START + timedelta(seconds=6)) == ("gate",)


def test_an_old_message_does_not_turn_time_back() -> None:
    idle = IdleStreams(tick_after_s=5)
    idle.note_message("gate", START + timedelta(seconds=10))
    idle.note_message("gate", START)

    assert idle.due(["gate"], START + timedelta(seconds=12)) == ()


def test_a_worker_that_is_behind_ticks_no_later_than_what_it_judged() -> None:
    now, oldest = START + timedelta(seconds=60), START

    assert tick_time(now, oldest, lag=10) == oldest
    assert tick_time(now, oldest, lag=0) == now
    assert tick_time(now, None, lag=0) == now
