import io
import logging
from collections.abc import Iterator

import pytest

from sightline.runtime.log_limiter import SAME_LOGGER, SAME_SHAPE, SAME_TEXT, UNLIMITED_LOGGERS, LogLimiter
from sightline.runtime.logging_setup import set_up_logging

_log = logging.getLogger("tests.flood")


class CapturedLog:
    """A limited handler of its own, with a clock that stands still unless moved."""

    def __init__(self) -> None:
        self.now = 0.0
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.limiter = LogLimiter(self.handler, lambda: self.now)
        self.handler.addFilter(self.limiter)

    @property
    def lines(self) -> list[str]:
        return self._stream.getvalue().splitlines()


@pytest.fixture
def log() -> Iterator[CapturedLog]:
    written = CapturedLog()
    _log.addHandler(written.handler)
    _log.propagate = False
    yield written
    _log.removeHandler(written.handler)
    _log.propagate = True


@pytest.fixture
def whole_log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_what_repeats_is_counted_and_the_count_is_written(log: CapturedLog) -> None:
    for _ in range(100_000):
        _log.warning("the camera says no")
    assert len(log.lines) == SAME_TEXT.burst
    log.now += 60
    log.limiter.write_summaries()
    assert (
        log.lines[-1]
        == f"{100_000 - SAME_TEXT.burst} lines like this were left out in the last 60 s: the camera says no"
    )
    log.limiter.write_summaries()
    assert len(log.lines) == SAME_TEXT.burst + 1


def test_texts_that_differ_in_numbers_are_one_kind(log: CapturedLog) -> None:
    for i in range(10_000):
        _log.warning("[rtsp @ 0x%x] packet %d is lost", i * 4096, i)
    assert len(log.lines) == SAME_SHAPE.burst


def test_texts_made_to_differ_are_bounded_by_the_module_that_writes_them(log: CapturedLog) -> None:
    for i in range(10_000):
        _log.warning("noise %s", "".join(chr(97 + int(digit)) for digit in str(i)))
    assert len(log.lines) == SAME_LOGGER.burst
    log.limiter.write_summaries()
    assert len(log.limiter._spent) <= 2000


def test_a_quiet_line_is_written_while_another_floods_and_the_flood_again_after_a_pause(log: CapturedLog) -> None:
    for _ in range(1000):
        _log.warning("flood")
    _log.error("the database is damaged")
    assert log.lines[-1] == "the database is damaged"
    log.now += 60 / SAME_TEXT.per_minute
    _log.warning("flood")
    _log.warning("flood")
    assert log.lines[-1] == "flood"
    assert log.lines.count("flood") == SAME_TEXT.burst + 1


def test_one_message_before_many_exceptions_is_counted_by_where_each_comes_from(log: CapturedLog) -> None:
    def fail(how: int) -> None:
        if how:
            raise ValueError("one")
        raise KeyError("two")

    for _ in range(50):
        for how in (0, 1):
            try:
                fail(how)
            except (KeyError, ValueError):
                _log.exception("failed")
    written = "\n".join(log.lines)
    assert written.count("KeyError: 'two'") == SAME_TEXT.burst
    assert written.count("ValueError: one") == SAME_TEXT.burst


def test_every_logger_profits_and_alerts_are_never_left_out(whole_log: io.StringIO) -> None:
    set_up_logging(stream=whole_log)
    for _ in range(50):
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
        logging.getLogger(UNLIMITED_LOGGERS[0]).error("RAISED gate: no video")
    written = whole_log.getvalue()
    assert written.count("Invalid HTTP request") == SAME_TEXT.burst
    assert written.count("RAISED gate") == 50


def test_nothing_is_left_out_of_a_debug_log(whole_log: io.StringIO) -> None:
    set_up_logging("debug", stream=whole_log)
    for _ in range(50):
        _log.debug("the same")
    assert whole_log.getvalue().count("the same") == 50


def test_a_password_is_hidden_in_a_summary_too(whole_log: io.StringIO) -> None:
    set_up_logging(stream=whole_log)
    handler = logging.getLogger().handlers[0]
    limiter = next(each for each in handler.filters if isinstance(each, LogLimiter))
    for length in (10, 5000):
        for _ in range(20):
            _log.warning("no answer from rtsp://admin:%s@10.0.0.5/1", "hunter2-" * length)
    limiter.write_summaries()
    assert whole_log.getvalue().count("lines like this were left out") == 2
    assert "hunter2" not in whole_log.getvalue()


def test_a_line_costs_in_proportion_to_its_length(log: CapturedLog) -> None:
    for text in ("1" * 1_000_000, "0x" * 500_000, "a1" * 500_000):
        _log.warning("%s", text)
    assert len(log.lines) == 3
