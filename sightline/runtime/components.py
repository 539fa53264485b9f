"""The threads of one process: each has a name, is restarted when it fails, and reports its health."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from domain.backoff import backoff_s

_log = logging.getLogger(__name__)

MIN_RESTART_S = 1.0
MAX_RESTART_S = 60.0
STEADY_AFTER_S = 10.0
"""A part that failed counts as well again once it has run for this long after the longest wait."""


class Component(Protocol):
    """A part of the running system."""

    name: str

    def start(self) -> None: ...

    def stop(self, timeout_s: float) -> None:
        """Finish what is in hand and end; returns when ended or when the time is over."""
        ...

    def health(self) -> str:
        """Return "" when all is well, else why not."""
        ...


class RestartingThread:
    """Runs `work(stop)` in a thread; where it fails it is logged, reported and started again, with growing pauses."""

    def __init__(
        self, name: str, work: Callable[[threading.Event], None], *, health: Callable[[], str] | None = None
    ) -> None:
        self.name = name
        self._work = work
        self._health = health
        self._stop = threading.Event()
        self._failure = ""
        self._failed_at = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._stop.set()
        if self._thread.ident is None:
            return
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.warning("%s did not end within %.0f s", self.name, timeout_s)

    def health(self) -> str:
        if self._failure and time.monotonic() - self._failed_at < MAX_RESTART_S + STEADY_AFTER_S:
            return self._failure
        if self._thread.ident is not None and not self._thread.is_alive() and not self._stop.is_set():
            return "ended"
        return self._health() if self._health is not None else ""

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._work(self._stop)
            except Exception as error:  # noqa: BLE001 - the thread's outermost guard
                # One part that fails must neither end silently nor end the others.
                ran_s = time.monotonic() - started
                failures = 1 if ran_s > MAX_RESTART_S else failures + 1
                wait_s = backoff_s(failures, first_s=MIN_RESTART_S, longest_s=MAX_RESTART_S)
                self._failure, self._failed_at = f"failed ({type(error).__name__})", time.monotonic()
                _log.exception("%s failed and starts again in %.0f s", self.name, wait_s)
                self._stop.wait(wait_s)
            else:
                return


class PeriodicThread:
    """Calls `action` every `every_s` in a thread; a failure is logged and reported until a later call succeeds."""

    def __init__(self, name: str, every_s: float, action: Callable[[], object]) -> None:
        self.name = name
        self._every_s = every_s
        self._action = action
        self._failure = ""
        self._worker = RestartingThread(name, self._work)

    def start(self) -> None:
        self._worker.start()

    def stop(self, timeout_s: float) -> None:
        self._worker.stop(timeout_s)

    def health(self) -> str:
        return self._failure or self._worker.health()

    def _work(self, stop: threading.Event) -> None:
        while not stop.wait(self._every_s):
            try:
                self._action()
            except Exception as error:  # noqa: BLE001 - the timer's outermost guard
                # Housekeeping or a heartbeat that fails once is tried again next time.
                self._failure = f"last run failed ({type(error).__name__})"
                _log.exception("%s failed; next try in %.0f s", self.name, self._every_s)
            else:
                self._failure = ""
