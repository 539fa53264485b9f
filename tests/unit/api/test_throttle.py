import logging

import pytest

from api.throttle import _MOST_CLIENTS, MOST_WRONG, MOST_WRONG_IN_ALL, WINDOW_S, Throttle


class Seconds:
    def __init__(self) -> None:
        self.now = 1e6

    def __call__(self) -> float:
        return self.now


def test_wrong_tokens_are_refused_for_a_minute_and_for_the_guesser_alone(caplog: pytest.LogCaptureFixture) -> None:
    seconds = Seconds()
    throttle = Throttle(seconds)
    for _ in range(MOST_WRONG):
        assert throttle.note_wrong("10.0.0.9") == 0
    with caplog.at_level(logging.WARNING):
        assert throttle.note_wrong("10.0.0.9") == WINDOW_S
    assert "10.0.0.9" in caplog.text
    assert throttle.note_wrong("10.0.0.8") == 0
    seconds.now += WINDOW_S
    assert throttle.note_wrong("10.0.0.9") == 0


def test_many_addresses_together_are_refused_too() -> None:
    throttle = Throttle(Seconds())
    for i in range(MOST_WRONG_IN_ALL):
        assert throttle.note_wrong(f"10.0.{i}.1") == 0
    assert throttle.note_wrong("10.1.0.1") > 0


def test_what_is_counted_is_bounded() -> None:
    seconds = Seconds()
    throttle = Throttle(seconds)
    for i in range(_MOST_CLIENTS * 3):
        seconds.now += WINDOW_S
        throttle.note_wrong(f"client {i}")
    assert len(throttle._by_client) == _MOST_CLIENTS
