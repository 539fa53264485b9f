"""A wall clock that can be stepped for the processes of one run, by libfaketime; the monotonic clock stays true."""

import os
from datetime import timedelta
from pathlib import Path

from domain.errors import ConfigError

_PLACES = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
)
_PRELOAD = Path(__file__).with_name("preload")
INSTALL = "clock steps need libfaketime: apt-get install libfaketime"


def _library() -> Path | None:
    for place in _PLACES:
        for found in sorted(Path("/").glob(place.lstrip("/"))):
            return found
    return None


def available() -> str | None:
    """Return None where clocks can be stepped, else how to install what is missing."""
    return None if _library() else INSTALL


class SteppedWall:
    """The offset from true time that the programs started with `environment` see, one second late at most.

    What they start themselves sees true time.
    """

    def __init__(self, folder: Path) -> None:
        library = _library()
        if library is None:
            raise ConfigError(INSTALL)
        self._file = folder / "wall-clock-offset"
        self.offset = timedelta()
        self._write()
        self.environment = {
            **os.environ,
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(_PRELOAD), os.environ.get("PYTHONPATH")))),
        }

    def step(self, offset: timedelta) -> None:
        """Set the offset from true time."""
        self.offset = offset
        self._write()

    def _write(self) -> None:
        # Replaced whole: a program that reads half a line would keep a wrong time.
        part = self._file.with_suffix(".part")
        part.write_text(f"{self.offset.total_seconds():+.0f}\n")
        part.replace(self._file)
