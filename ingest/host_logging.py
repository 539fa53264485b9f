"""What a reading process logs goes to standard error as it is: without credentials, one line a record."""

import logging
import sys
import threading
from types import TracebackType

from domain.plain_text import visible
from domain.redaction import redacted

_log = logging.getLogger(__name__)


class CleanFormatter(logging.Formatter):
    """Removes credentials and control characters; further lines, of a trace, are indented."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(visible(line) for line in redacted(super().format(record)).split("\n"))


def set_up_host_logging() -> None:
    """Log warnings and errors, and errors that nobody caught, which Python would print as they are."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(CleanFormatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    _log.error("a reading process failed", exc_info=(kind, error or kind(), trace))
