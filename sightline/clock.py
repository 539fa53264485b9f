"""The real clock; tests bring their own."""

import threading
import time
from datetime import UTC, datetime

from domain.ports import Clock


class SystemClock:
    """The machine's time in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class StoppableClock:
    """Another clock's time, with a sleep that ends when `stop` is set."""

    def __init__(self, clock: Clock, stop: threading.Event) -> None:
        self._clock = clock
        self._stop = stop

    def now(self) -> datetime:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)
