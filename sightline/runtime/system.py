"""The running system: its parts start in order, stop in reverse, and report their health."""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType

from domain.ports import AlertStore, LiveState, ScoreStore, StreamStore
from sightline.runtime.components import Component
from sightline.runtime.stop_signals import wait_for_stop

_log = logging.getLogger(__name__)

STOP_TIMEOUT_S = 15.0
"""What one part may take to finish what it has in hand …"""
STOP_ALL_S = 40.0
"""… and what all of them may take together: service managers kill after 60 s (`deploy/`, `docker-compose.yml`)."""


@contextmanager
def exclude_start_from_gc() -> Iterator[None]:
    """Keep what the start made out of Python's search for cyclic garbage: modules and models stay to the end anyway.

    A search through all of it stops every thread for as long, and each answer of the page with them.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class System:
    """Everything of one process. `address` is the page's, "" without one."""

    def __init__(
        self,
        *,
        components: Sequence[Component],
        stream_store: StreamStore,
        score_store: ScoreStore,
        alert_store: AlertStore,
        live: LiveState,
        address: Callable[[], str],
        close: Callable[[], None],
    ) -> None:
        self._components = tuple(components)
        self._started: list[Component] = []
        self._address = address
        self._close = close
        self.stream_store = stream_store
        self.score_store = score_store
        self.alert_store = alert_store
        self.live = live

    @property
    def address(self) -> str:
        return self._address()

    def start(self) -> None:
        """Start every part, downstream first. When one cannot start, those started are stopped and it raises."""
        for component in self._components:
            _log.debug("starting %s", component.name)
            try:
                component.start()
            except BaseException:
                self.stop()
                raise
            self._started.append(component)

    def stop(self) -> None:
        """Stop every started part, upstream first: ingest ends, what was received is evaluated and stored.

        Ends within `STOP_ALL_S` of parts that keep to the time they are given.
        """
        deadline = time.monotonic() + STOP_ALL_S
        while self._started:
            component = self._started.pop()
            began = time.monotonic()
            component.stop(min(STOP_TIMEOUT_S, max(0.0, deadline - began)))
            _log.debug("stopped %s in %.1f s", component.name, time.monotonic() - began)
        self._close()

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set."""
        with self:
            wait_for_stop(stop)

    def health(self) -> Mapping[str, str]:
        """Return each part's name with "" when it is well, else why not."""
        return {component.name: component.health() for component in self._components}

    def __enter__(self) -> "System":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
