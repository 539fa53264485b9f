from tests.unit.workers.builders import frame, status
from workers.progress import Progress


def test_a_frame_is_a_repeat_once_it_or_a_later_one_was_judged() -> None:
    progress = Progress()
    progress.note(frame(sequence=4))

    assert progress.is_repeat(frame(sequence=4))
    assert progress.is_repeat(frame(sequence=3))
    assert not progress.is_repeat(frame(sequence=5))


def test_a_new_session_starts_anew() -> None:
    progress = Progress()
    progress.note(frame(sequence=4))

    assert not progress.is_repeat(frame(sequence=0, session_id="s2"))


def test_statuses_are_told_apart_by_their_time_since_they_may_share_a_sequence() -> None:
    progress = Progress()
    progress.note(status(sequence=3, after_s=2))

    assert progress.is_repeat(status(sequence=3, after_s=2))
    assert not progress.is_repeat(status(sequence=3, after_s=4))


def test_a_status_does_not_make_a_frame_a_repeat() -> None:
    progress = Progress()
    progress.note(status(sequence=3, after_s=2))

    assert not progress.is_repeat(frame(sequence=3))


def test_memory_is_bounded() -> None:
    progress = Progress(max_sessions=1)
    progress.note(frame("a"))
    progress.note(frame("b"))

    assert not progress.is_repeat(frame("a"))
