"""Looks of models give way to frames while scoring is behind, and not for ever."""

from datetime import datetime, timedelta
from itertools import pairwise

from tests.fakes.ports import START
from workers.frame_scoring.model_schedule import LONGEST_WAIT, ModelSchedule

EVERY_S = {"quality": 10.0, "faces": 60.0}


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def test_a_look_waits_while_scoring_is_behind_and_comes_with_the_next_picture_after_it() -> None:
    schedule = ModelSchedule("s1")
    assert schedule.due(at(0), EVERY_S) == {"quality", "faces"}
    assert schedule.due(at(10), EVERY_S, behind=True) == frozenset()
    assert schedule.due(at(20), EVERY_S) == {"quality"}
    assert schedule.due(at(29), EVERY_S) == frozenset()


def test_a_look_that_has_waited_long_comes_however_far_behind_scoring_is() -> None:
    schedule = ModelSchedule("s1")
    due = [second for second in range(0, 200, 10) if "quality" in schedule.due(at(second), EVERY_S, behind=True)]
    assert due[0] == LONGEST_WAIT * 10
    assert all(later - before <= (LONGEST_WAIT + 1) * 10 for before, later in pairwise(due))


def test_a_clock_set_back_lets_a_waiting_look_wait_again_and_no_longer() -> None:
    schedule = ModelSchedule("s1")
    schedule.due(at(3600), EVERY_S, behind=True)
    due = [second for second in range(0, 100, 10) if "quality" in schedule.due(at(second), EVERY_S, behind=True)]
    assert due[0] == LONGEST_WAIT * 10
