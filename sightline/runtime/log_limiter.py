"""A log that cannot be flooded: what repeats is counted, and the count is written once a minute.

Three budgets hold at once, each of which fills up again slowly: for one text, for texts that differ in digits only,
and for everything that one module says. The log of alerts is never limited.
"""

import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

SUMMARY_EVERY_S = 60.0
UNLIMITED_LOGGERS = ("sightline.alerts",)

_DIGITS = re.compile(r"0x[0-9A-Fa-f]+|[0-9]+")
_COMPARED_LENGTH = 1000
"""So many characters of a text decide what it is like."""
_MAX_KEYS = 2000


@dataclass(frozen=True, slots=True)
class LineBudget:
    """`burst` lines at once, then `per_minute` of them."""

    burst: float
    per_minute: float


SAME_TEXT = LineBudget(5, 1)
SAME_SHAPE = LineBudget(200, 20)
SAME_LOGGER = LineBudget(600, 60)


@dataclass(slots=True)
class _SuppressedLines:
    count: int
    since: float
    example: str


class LogLimiter(logging.Filter):
    """Filter of one handler; its summaries go to that handler. `clock` gives monotonic seconds."""

    def __init__(self, handler: logging.Handler, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._handler = handler
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._left_out: dict[tuple[str, int, int], _SuppressedLines] = {}
        self._timer: threading.Timer | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name in UNLIMITED_LOGGERS or isinstance(record, _Summary):
            return True
        text = record.getMessage()
        shape = record.name, record.levelno, hash(_DIGITS.sub("#", text[:_COMPARED_LENGTH]))
        wanted: tuple[tuple[Hashable, LineBudget], ...] = (
            ((record.name, record.levelno, hash(text), _origin_of_error(record)), SAME_TEXT),
            (shape, SAME_SHAPE),
            (record.name, SAME_LOGGER),
        )
        with self._lock:
            passed = self._spend(wanted)
            if not passed:
                self._count(shape, text)
        return passed

    def write_summaries(self) -> None:
        """Write how much was left out since the last summary."""
        with self._lock:
            counted, self._left_out = self._left_out, {}
            self._timer = None
        now = self._clock()
        for (name, level, _), left_out in counted.items():
            message = "%d lines like this were left out in the last %.0f s: %s"
            facts = (left_out.count, max(1.0, now - left_out.since), left_out.example)
            self._handler.handle(_Summary(name, level, "", 0, message, facts, None))

    def _spend(self, wanted: tuple[tuple[Hashable, LineBudget], ...]) -> bool:
        """Take one line from every budget, or from none where one of them is used up."""
        now = self._clock()
        spent = {}
        for key, budget in wanted:
            used, at = self._spent.get(key, (0.0, now))
            used = max(0.0, used - (now - at) / 60 * budget.per_minute) + 1
            if used > budget.burst:
                return False
            spent[key] = used, now
        for key, state in spent.items():
            self._spent[key] = state
            self._spent.move_to_end(key)
        while len(self._spent) > _MAX_KEYS:
            self._spent.popitem(last=False)
        return True

    def _count(self, shape: tuple[str, int, int], text: str) -> None:
        known = self._left_out.get(shape)
        if known is None and len(self._left_out) >= _MAX_KEYS:
            shape = (*shape[:2], 0)
            known = self._left_out.get(shape)
        if known is not None:
            known.count += 1
        else:
            # A text that was cut could end inside a password, which would then not be recognised as one.
            example = text if len(text) <= _COMPARED_LENGTH else f"a text of {len(text)} characters"
            self._left_out[shape] = _SuppressedLines(1, self._clock(), example)
        if self._timer is None:
            self._timer = threading.Timer(SUMMARY_EVERY_S, self.write_summaries)
            self._timer.daemon = True
            self._timer.start()


class _Summary(logging.LogRecord):
    """A line of the limiter itself."""


def _origin_of_error(record: logging.LogRecord) -> Hashable:
    """Return where an exception came from, since one message precedes many of them."""
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace is not None else None
