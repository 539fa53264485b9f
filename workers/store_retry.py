"""Retries a store that is unavailable, with growing pauses, until it answers or the worker is stopped."""

import logging
import random
import threading
from collections.abc import Callable
from typing import TypeVar

from domain.backoff import backoff_s
from domain.errors import StoreUnavailable

_log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0

T = TypeVar("T")


class WorkerStopped(Exception):
    """The worker was stopped while the store was unavailable; the batch stays uncommitted and is delivered again.

    No `SightlineError`: nothing is wrong, and no handler of errors may take it.
    """


def retry_wait_s(failures: int, random_share: float) -> float:
    """Return seconds to wait after `failures` failed attempts: 0.5 s doubled up to 30 s, the upper half at random."""
    return backoff_s(failures, first_s=FIRST_WAIT_S, longest_s=LONGEST_WAIT_S) * (0.5 + 0.5 * random_share)


class StoreRetry:
    """Runs an action against the store until it succeeds. `away_reason` says why it does not, "" when it does."""

    def __init__(self, wait: Callable[[threading.Event, float], bool] = threading.Event.wait) -> None:
        self._wait = wait
        self.away_reason = ""

    def until_done(self, action: Callable[[], T], stop: threading.Event) -> T:
        """Return what `action` returns. Raises `WorkerStopped` when `stop` is set while the store is unavailable."""
        failures = 0
        while True:
            try:
                result = action()
            except StoreUnavailable as error:
                self.away_reason = str(error)
                _log.warning("the store is unavailable, the batch is kept (attempt %d): %s", failures + 1, error)
            else:
                if self.away_reason:
                    _log.info("the store is back after %d attempts", failures)
                self.away_reason = ""
                return result
            failures += 1
            if self._wait(stop, retry_wait_s(failures, random.random())):
                raise WorkerStopped("the store is unavailable and the worker stops; the batch was not stored")
