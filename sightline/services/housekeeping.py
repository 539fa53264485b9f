"""Folds raw scores into minutes, hours and days, and deletes what is older than its retention."""

import logging
from collections.abc import Callable
from datetime import datetime

from domain.clocks import is_within
from domain.ports import Clock, ScoreStore

_log = logging.getLogger(__name__)

ROLL_UP_INTERVAL_S = 30.0
RETENTION_INTERVAL_S = 3600.0


class Housekeeping:
    """Rolls up at every call and deletes once an hour, but not while `deletion_blocked_reason` returns a reason."""

    def __init__(self, store: ScoreStore, clock: Clock, *, deletion_blocked_reason: Callable[[], str] = str) -> None:
        self._store = store
        self._clock = clock
        self._deletion_blocked_reason = deletion_blocked_reason
        self._retained_at: datetime | None = None

    def run_once(self) -> None:
        """Do what is due. Raises `StoreUnavailable`; what was not done is done at the next call."""
        now = self._clock.now()
        folded = self._store.roll_up(now)
        if folded:
            _log.debug("folded %d frames", folded)
        if is_within(self._retained_at, now, RETENTION_INTERVAL_S):
            return
        reason = self._deletion_blocked_reason()
        if reason:
            _log.debug("nothing is deleted now: %s", reason)
            return
        deleted = {table: count for table, count in self._store.retain(now).items() if count}
        self._retained_at = now
        if deleted:
            _log.info("retention deleted %s", ", ".join(f"{count} {table}" for table, count in deleted.items()))
