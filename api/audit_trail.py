"""Writes down who signed in, looked at pictures and exported reports, beside the changes that the stores write down.

Looking goes on while the database is unavailable: a bounded number of lines waits in memory and is written with the
next.
"""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from datetime import datetime

from domain.access import EVERY_LINE, AuditFilter
from domain.errors import StoreUnavailable
from domain.ports import AuditStore, Clock
from domain.records import AuditEntry

MAX_WAITING = 1000
_MAX_REMEMBERED = 20_000
_RETRY_S = 5.0

_log = logging.getLogger(__name__)


class AuditTrail:
    """The audit of this process; shared by threads. Without a store nothing is written, and nothing can be read."""

    def __init__(self, store: AuditStore | None, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[AuditEntry] = deque(maxlen=MAX_WAITING)
        self._failed_at: datetime | None = None
        self._written: OrderedDict[tuple[str, ...], None] = OrderedDict()

    def record(self, entry: AuditEntry) -> None:
        """Write a line, and those before it that could not be written."""
        if self._store is None:
            return
        with self._lock:
            if len(self._waiting) == MAX_WAITING:
                _log.error("a line of the audit is lost: the database is unavailable for too long")
            self._waiting.append(entry)
            if self._failed_at is not None and abs((self._clock.now() - self._failed_at).total_seconds()) < _RETRY_S:
                return
            try:
                while self._waiting:
                    self._store.record(self._waiting[0])
                    self._waiting.popleft()
                self._failed_at = None
            except StoreUnavailable as error:
                self._failed_at = self._clock.now()
                _log.warning("%d lines of the audit wait in memory: %s", len(self._waiting), error)

    def record_hourly(self, entry: AuditEntry) -> None:
        """Write the first such line of each hour: of whom, from where, about what."""
        key = (f"{entry.at:%Y%m%d%H}", entry.by, entry.client, entry.via, entry.action, entry.subject)
        with self._lock:
            if key in self._written:
                return
            self._written[key] = None
            while len(self._written) > _MAX_REMEMBERED:
                self._written.popitem(last=False)
        self.record(entry)

    def entries(self, filters: AuditFilter = EVERY_LINE, *, limit: int = 100) -> Sequence[AuditEntry]:
        """Return lines, the latest first. Raises `StoreUnavailable`."""
        return self._store.entries(filters, limit=limit) if self._store is not None else ()
