"""Keeps asking a store that is away, ever more slowly, until it answers or the worker is told to stop."""

import logging
import random
import threading
from collections.abc import Callable
from typing import TypeVar

from domain.errors import StoreUnavailable

_log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0

T = TypeVar("T")


class WorkerStopped(Exception):
    """The worker was told to stop while the store was away; the unit stays uncommitted and is delivered again."""


def backoff_s(attempt: int, random_share: float) -> float:
    """Return seconds before attempt `attempt` + 1: doubling from 0.5 s to 30 s, the upper half of it at random."""
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * float(2 ** min(attempt, 10)))
    return longest * (0.5 + 0.5 * random_share)


class StoreRetry:
    """Runs an action against the store until it succeeds. `away_reason` says why it does not, "" when it does."""

    def __init__(self, wait: Callable[[threading.Event, float], bool] = threading.Event.wait) -> None:
        self._wait = wait
        self.away_reason = ""

    def until_done(self, action: Callable[[], T], stop: threading.Event) -> T:
        """Return what `action` returns. Raises `WorkerStopped` when `stop` is set while the store is away."""
        attempt = 0
        while True:
            try:
                result = action()
            except StoreUnavailable as error:
                self.away_reason = str(error)
                _log.warning("the store is away, the unit is kept (attempt %d): %s", attempt + 1, error)
            else:
                if self.away_reason:
                    _log.info("the store is back after %d attempts", attempt)
                self.away_reason = ""
                return result
            if self._wait(stop, backoff_s(attempt, random.random())):
                raise WorkerStopped("the store is away and the worker stops; the unit was not stored")
            attempt += 1
