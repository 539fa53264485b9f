"""The lock on a SQLite file: `flock` on the file itself, so that every path to it meets the same lock.

Its holder is named in a small file beside it.
"""

import fcntl
import json
import os
import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine


class SqliteDatabaseLock:
    """The lock on a SQLite file. The descriptor stays open: closing it would end the locks SQLite itself holds."""

    def __init__(self, engine: Engine, since: datetime) -> None:
        self._path = Path(str(engine.url.database))
        self._since = since
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Lock the file that is there now; return False where another process has locked it."""
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        with suppress(OSError):
            self._holder_file.touch(mode=0o600)
            self._holder_file.write_text(
                json.dumps({"host": socket.gethostname(), "pid": os.getpid(), **self._start_record})
            )
        return True

    def holder(self) -> str:
        try:
            holder = json.loads(self._holder_file.read_text())
            return f"process {int(holder['pid'])} on {str(holder['host'])[:100]}, since {str(holder['since'])[:40]}"
        except (OSError, ValueError, LookupError, TypeError):
            return "which one is unknown"

    def check(self) -> str:
        """Lock the file again where another one has its name now."""
        try:
            if self._descriptor is None or os.path.samestat(os.fstat(self._descriptor), self._path.stat()):
                return ""
        except OSError:
            return ""  # that the file is gone is said elsewhere
        before, self._descriptor = self._descriptor, None
        try:
            locked = self.take()
        except OSError as error:
            self._descriptor = before
            return f"the database file cannot be locked: {error.strerror}"
        if locked:
            return ""
        self._descriptor = before
        return f"another Sightline process watches with this database ({self.holder()}); stop one of the two"

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def _holder_file(self) -> Path:
        real = self._path.resolve()
        return real.with_name(f"{real.name}-holder")

    @property
    def _start_record(self) -> dict[str, str]:
        return {"since": f"{self._since:%Y-%m-%d %H:%M:%S} UTC"}
