import logging

import pytest

from api.security.client_limits import _MAX_CLIENTS, MAX_WRONG_TOKENS, MAX_WRONG_TOKENS_IN_ALL, WINDOW_S, TokenThrottle


class FakeSeconds:
    def __init__(self) -> None:
        self.now = 1e6

    def __call__(self) -> float:
        return self.now


def test_wrong_tokens_are_refused_for_a_minute_and_for_the_guesser_alone(caplog: pytest.LogCaptureFixture) -> None:
    seconds = FakeSeconds()
    throttle = TokenThrottle(seconds)
    for _ in range(MAX_WRONG_TOKENS):
        assert throttle.record_wrong_token("10.0.0.9") == 0
    with caplog.at_level(logging.WARNING):
        assert throttle.record_wrong_token("10.0.0.9") == WINDOW_S
    assert "10.0.0.9" in caplog.text
    assert throttle.record_wrong_token("10.0.0.8") == 0
    seconds.now += WINDOW_S
    assert throttle.record_wrong_token("10.0.0.9") == 0


def test_many_addresses_together_are_refused_too() -> None:
    throttle = TokenThrottle(FakeSeconds())
    for i in range(MAX_WRONG_TOKENS_IN_ALL):
        assert throttle.record_wrong_token(f"10.0.{i}.1") == 0
    assert throttle.record_wrong_token("10.1.0.1") > 0


def test_what_is_counted_is_bounded() -> None:
    seconds = FakeSeconds()
    throttle = TokenThrottle(seconds)
    for i in range(_MAX_CLIENTS * 3):
        seconds.now += WINDOW_S
        throttle.record_wrong_token(f"client {i}")
    assert len(throttle._by_client) == _MAX_CLIENTS
