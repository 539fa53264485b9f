"""Logs that are short, structured and free of credentials, whoever wrote them.

Secrets are removed twice: from the record (message, arguments, exception), for any handler that comes later, and from
the finished line, for what only formatting reveals.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from domain.urls import redacted
from sightline.log_limit import LogLimiter

HIDDEN = "***"
SHORTEST_SECRET = 4
"""A known secret shorter than this is only hidden inside URLs: hiding every 'a' would hide the log itself."""

_AUTHORIZATION = re.compile(r"(?i)(authorization\s*[:=]\s*(?:basic|digest|bearer)?\s*)\S[^\r\n]*")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Redactor:
    """Removes credentials from text: those of any URL, authorization headers, and every secret it was told of."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these as well from now on; the longest first, for one may hold another."""
        known = {*self._secrets, *(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)}
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        clean = _AUTHORIZATION.sub(rf"\1{HIDDEN}", redacted(text))
        for secret in self._secrets:
            clean = clean.replace(secret, HIDDEN)
        return clean


class RedactingFilter(logging.Filter):
    """Rewrites a record so that neither its message, its arguments nor its exception holds a credential."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redactor(record.getMessage()), None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = self._redactor("".join(traceback.format_exception(*record.exc_info)).rstrip())
            # The exception object itself still holds the secret; handlers get its cleaned text only.
            record.exc_info = None
        if record.stack_info:
            record.stack_info = self._redactor(record.stack_info)
        return True


class LineFormatter(logging.Formatter):
    """`2026-03-01T12:00:00.123Z warning ingest.reader: text`, or the same facts as one JSON object a line."""

    def __init__(self, redactor: Redactor, *, as_json: bool) -> None:
        super().__init__()
        self._redactor = redactor
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = record.getMessage()
        trace = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        if self._as_json:
            facts = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": message}
            return self._redactor(json.dumps(facts | ({"trace": trace} if trace else {}), ensure_ascii=False))
        line = f"{at} {record.levelname.lower()} {record.name}: {message}"
        return self._redactor(f"{line}\n{trace}" if trace else line)


def set_up_logging(
    level: str = "info", *, as_json: bool = False, redactor: Redactor | None = None, stream: TextIO | None = None
) -> Redactor:
    """Send all logs to `stream` (standard error by default) without credentials; return the redactor in use."""
    redactor = redactor or Redactor()
    handler = logging.StreamHandler(stream or sys.stderr)
    if level != "debug":
        handler.addFilter(LogLimiter(handler))
    handler.addFilter(RedactingFilter(redactor))
    handler.setFormatter(LineFormatter(redactor, as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn.access", "libav"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, _LEVELS[level]))
    # It reports each attempt at an absent broker, many a second; what matters of it our own transport says.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    return redactor
