"""Calls a URL outside once a minute while Sightline is alive; the receiver raises an alarm when the calls stop."""

import logging
from datetime import datetime

import httpx

from domain.clocks import is_within
from domain.errors import NotifierUnavailable
from domain.ports import Clock
from notification.notifiers.http_endpoint import HttpEndpoint

_log = logging.getLogger(__name__)


class Heartbeat:
    """Calls a URL every `every_s`; a failure is logged when it begins and when it ends, not every minute."""

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        every_s: float = 60.0,
        timeout_s: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Raise `ConfigError` for a URL that is not http or https."""
        self._endpoint = HttpEndpoint(url, where="heartbeat.url", timeout_s=timeout_s, transport=transport)
        self._clock = clock
        self._every_s = every_s
        self._last: datetime | None = None
        self._failing = False

    def run_once(self) -> bool:
        """Call the URL if it is time; return whether it was called and answered."""
        now = self._clock.now()
        if is_within(self._last, now, self._every_s):
            return False
        self._last = now
        try:
            self._endpoint.call("GET")
        except NotifierUnavailable as error:
            if not self._failing:
                _log.warning("heartbeat fails: %s", error)
            self._failing = True
            return False
        if self._failing:
            _log.info("heartbeat answers again")
        self._failing = False
        return True
