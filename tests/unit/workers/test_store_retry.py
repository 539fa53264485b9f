import threading

import pytest

from domain.errors import StoreUnavailable
from workers.store_retry import LONGEST_WAIT_S, StoreRetry, WorkerStopped, retry_wait_s


class Flaky:
    """Fails as often as told, then answers."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def __call__(self) -> str:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("locked")
        return "stored"


def test_an_action_is_repeated_until_the_store_is_back() -> None:
    waits: list[float] = []

    def goes_on(stop: threading.Event, seconds: float) -> bool:
        waits.append(seconds)
        return False

    patience = StoreRetry(wait=goes_on)

    assert patience.until_done(Flaky(3), threading.Event()) == "stored"
    assert len(waits) == 3
    assert patience.away_reason == ""


def test_while_the_store_is_away_the_reason_is_reported() -> None:
    patience = StoreRetry(wait=lambda stop, seconds: patience.away_reason != "locked")

    assert patience.until_done(Flaky(1), threading.Event()) == "stored"


def test_a_stop_ends_the_waiting() -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(WorkerStopped):
        StoreRetry().until_done(Flaky(10**9), stop)


def test_waits_double_up_to_a_bound_and_are_spread() -> None:
    assert retry_wait_s(1, 1.0) == 0.5
    assert retry_wait_s(2, 1.0) == 1.0
    assert retry_wait_s(1, 0.0) == 0.25
    assert retry_wait_s(50, 1.0) == LONGEST_WAIT_S


def test_other_errors_are_not_swallowed() -> None:
    def broken() -> None:
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        StoreRetry().until_done(broken, threading.Event())
