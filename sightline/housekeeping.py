"""Folds raw scores into minutes, hours and days, and deletes what is older than its retention."""

import logging
from datetime import datetime, timedelta

from domain.ports import Clock, ScoreStore

_log = logging.getLogger(__name__)

EVERY_S = 30.0
RETAIN_EVERY = timedelta(hours=1)


class Housekeeping:
    """Rolls up at every call, and retains once an hour."""

    def __init__(self, store: ScoreStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._retained_at: datetime | None = None

    def run_once(self) -> None:
        """Do what is due. Raises `StoreUnavailable`; what was not done is done at the next call."""
        now = self._clock.now()
        folded = self._store.roll_up(now)
        if folded:
            _log.debug("folded %d frames", folded)
        if self._retained_at is None or now - self._retained_at >= RETAIN_EVERY:
            deleted = {table: count for table, count in self._store.retain(now).items() if count}
            self._retained_at = now
            if deleted:
                _log.info("retention deleted %s", ", ".join(f"{count} {table}" for table, count in deleted.items()))
