"""Waits for what happens in other threads and processes."""

import time
from collections.abc import Callable

import pytest


def wait_until(claim: Callable[[], object], within_s: float = 30.0) -> None:
    """Wait until the claim holds; fails when it does not in time."""
    end_s = time.monotonic() + within_s
    while not claim():
        if time.monotonic() > end_s:
            pytest.fail("it did not happen in time")
        time.sleep(0.02)
