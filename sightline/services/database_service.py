"""The part of the system that checks whether the database is still there and held by this process alone."""

from domain.ports import DatabaseLock
from sightline.runtime.components import PeriodicThread
from storage.sql.database.database_watch import CHECK_INTERVAL_S, DatabaseWatch


class DatabaseService:
    """Checks the database every few seconds; its health says what is wrong with it."""

    name = "database"

    def __init__(self, watch: DatabaseWatch, hold: DatabaseLock | None = None) -> None:
        self._watch = watch
        self._hold = hold
        self._reason = ""
        self._timer = PeriodicThread(self.name, CHECK_INTERVAL_S, self.check)

    def start(self) -> None:
        self._timer.start()

    def stop(self, timeout_s: float) -> None:
        self._timer.stop(timeout_s)

    def health(self) -> str:
        return self._reason or self._timer.health()

    def check(self) -> None:
        """Check the database; where it is well, also whether this process still holds its lock."""
        reason = self._watch.check()
        self._reason = reason or (self._hold.check() if self._hold is not None else "")

    def close(self) -> None:
        """Let go of the database, after everything else has."""
        self._watch.close()
        if self._hold is not None:
            self._hold.release()
