"""Logs that are short, structured and free of credentials and of control characters, whoever wrote them.

Secrets are removed twice: from the record (message, arguments, exception), for any handler that comes later, and from
what is written, for what only formatting reveals. A record is one line, whatever a camera or a stranger put into it.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from domain.cameras import Camera
from domain.text.camera_urls import find_secrets
from domain.text.plain_text import escape_invisible
from domain.text.redaction import redact_text
from sightline.runtime.log_limiter import LogLimiter

HIDDEN = "***"
MAX_MESSAGE_LENGTH = 8192
MIN_SECRET_LENGTH = 4
"""A known secret shorter than this is only hidden inside URLs: hiding every 'a' would hide the log itself."""

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Redactor:
    """Removes credentials from text: those of any URL, authorization headers, and every secret it has learned."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known = KnownSecrets(())
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these as well from now on."""
        wanted = {secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH}
        if not wanted <= self._known.all:
            self._known = KnownSecrets(self._known.all | wanted)

    def learn_cameras(self, cameras: Iterable[Camera]) -> None:
        """Hide the passwords in these cameras' addresses, which FFmpeg's own messages may quote."""
        self.learn(secret for camera in cameras for secret in find_secrets(camera.url))

    def __call__(self, text: str) -> str:
        # Known secrets first: hiding an address may cut one in two, and leave the half that is not in it.
        return redact_text(self._known.hide(text))


class KnownSecrets:
    """Finds any of thousands of secrets in one pass: at each place only lengths whose beginning fits are compared."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.all = frozenset(secrets)
        lengths: dict[str, set[int]] = {}
        for secret in self.all:
            lengths.setdefault(secret[:MIN_SECRET_LENGTH], set()).add(len(secret))
        # The longest first, for one may hold another.
        self._lengths = {start: sorted(found, reverse=True) for start, found in lengths.items()}

    def hide(self, text: str) -> str:
        """Return `text` with each secret in it replaced."""
        if not self._lengths:
            return text
        pieces: list[str] = []
        place = reached = 0
        while place <= len(text) - MIN_SECRET_LENGTH:
            length = self._at(text, place)
            if length:
                pieces += [text[reached:place], HIDDEN]
                place = reached = place + length
            else:
                place += 1
        return "".join([*pieces, text[reached:]])

    def _at(self, text: str, place: int) -> int:
        for length in self._lengths.get(text[place : place + MIN_SECRET_LENGTH], ()):
            if text[place : place + length] in self.all:
                return length
        return 0


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
    """`2026-03-01T12:00:00.123Z warning ingest.supervise.camera_reader: text`, or the same facts as one JSON object a
    line.
    """

    def __init__(self, redactor: Redactor, *, as_json: bool) -> None:
        super().__init__()
        self._redactor = redactor
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = escape_invisible(self._redactor(record.getMessage()))[:MAX_MESSAGE_LENGTH]
        trace = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        lines = [escape_invisible(line) for line in self._redactor(trace).splitlines()]
        if self._as_json:
            facts = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": message}
            return json.dumps(facts | ({"trace": "\n".join(lines)} if lines else {}), ensure_ascii=False)
        # Lines of a trace are indented: none of them can pass for a record of its own.
        return "\n".join(
            [f"{at} {record.levelname.lower()} {record.name}: {message}", *(f"    {line}" for line in lines)]
        )


def _log_uncaught(failure: threading.ExceptHookArgs) -> None:
    error = failure.exc_value or failure.exc_type()
    name = failure.thread.name if failure.thread is not None else "a thread"
    logging.getLogger(__name__).error("%s failed", name, exc_info=(failure.exc_type, error, failure.exc_traceback))


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
    # Python would print what no thread caught as it is, with whatever the error quotes.
    threading.excepthook = _log_uncaught
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn.access", "libav"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, _LEVELS[level]))
    # It reports each attempt at an absent broker, many a second; what matters of it our own transport says.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    return redactor
