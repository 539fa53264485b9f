"""Whether the database is still there and still ours alone, as a part of the system."""

from sightline.runtime.components import PeriodicThread
from storage.sql.database.database_lock import DatabaseLock
from storage.sql.database.database_watch import CHECK_INTERVAL_S, DatabaseWatch


class DatabaseService:
    """Looks at the database every few seconds; its health says what is wrong with it."""

    name = "database"

    def __init__(self, watch: DatabaseWatch, hold: DatabaseLock | None = None) -> None:
        self._watch = watch
        self._hold = hold
        self._trouble = ""
        self._timer = PeriodicThread(self.name, CHECK_INTERVAL_S, self.look)

    def start(self) -> None:
        self._timer.start()

    def stop(self, timeout_s: float) -> None:
        self._timer.stop(timeout_s)

    def health(self) -> str:
        return self._trouble or self._timer.health()

    def look(self) -> None:
        """Look once; where the database is well, whether it is still held by this process."""
        why = self._watch.look()
        self._trouble = why or (self._hold.trouble() if self._hold is not None else "")

    def close(self) -> None:
        """Let go of the database, after everything else has."""
        self._watch.close()
        if self._hold is not None:
            self._hold.release()
