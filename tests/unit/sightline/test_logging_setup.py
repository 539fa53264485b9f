import io
import json
import logging
from collections.abc import Iterator

import pytest

from sightline.logging_setup import Redactor, set_up_logging

SECRET = "p@ss:w0rd/#1"
FFMPEG_TEXTS = [
    f"[rtsp @ 0x55d] method DESCRIBE failed: 401 Unauthorized for rtsp://admin:{SECRET}@10.0.0.5:554/stream1",
    f"[tcp @ 0x7f1] Connection to tcp://admin:{SECRET}@10.0.0.5:554?timeout=5000000 failed: Connection refused",
    f"rtsp://admin:{SECRET}@10.0.0.5/ch1: Invalid data found when processing input",
    f"[http @ 0x1] Opening 'http://admin:{SECRET}@10.0.0.5/live.m3u8' for reading",
    "[https @ 0x1] HTTP error 403 for https://10.0.0.5/api?user=admin&password=w0rd-in-query&channel=1",
    "Authorization: Basic YWRtaW46cEBzczp3MHJkLyMx",
    "DESCRIBE rtsp://10.0.0.5 RTSP/1.0\r\nAuthorization: Digest username=admin, response=w0rd",
]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    captured = io.StringIO()
    yield captured
    root.handlers[:] = handlers
    root.setLevel(level)


def assert_clean(text: str) -> None:
    for secret in (SECRET, "w0rd", "YWRtaW46"):
        assert secret not in text, text


@pytest.mark.parametrize("text", FFMPEG_TEXTS)
def test_ffmpegs_own_texts_lose_their_credentials(text: str, stream: io.StringIO) -> None:
    set_up_logging(stream=stream)

    logging.getLogger("ingest").warning(text)
    logging.getLogger("ingest").warning("reader says: %s", text)

    assert stream.getvalue().count("\n") >= 2
    assert_clean(stream.getvalue())


def test_exceptions_and_their_causes_are_cleaned(stream: io.StringIO) -> None:
    set_up_logging(stream=stream)
    try:
        try:
            raise OSError(f"cannot open rtsp://admin:{SECRET}@h/1")
        except OSError as error:
            raise RuntimeError(f"reader of rtsp://admin:{SECRET}@h/1 failed") from error
    except RuntimeError:
        logging.getLogger("ingest").exception("failed")

    assert "Traceback" in stream.getvalue()
    assert "OSError" in stream.getvalue()
    assert_clean(stream.getvalue())


def test_arguments_of_any_kind_are_cleaned(stream: io.StringIO) -> None:
    set_up_logging(stream=stream)

    logging.getLogger("x").error("%s %r", OSError(f"rtsp://a:{SECRET}@h"), {"url": f"rtsp://a:{SECRET}@h"})

    assert_clean(stream.getvalue())


def test_a_secret_that_was_told_is_hidden_wherever_it_stands(stream: io.StringIO) -> None:
    redactor = set_up_logging(stream=stream)
    redactor.learn(["correct horse"])

    logging.getLogger("x").warning("the answer held correct horse, and no address")

    assert "correct horse" not in stream.getvalue()
    assert "***" in stream.getvalue()


def test_a_record_is_clean_for_every_later_handler(stream: io.StringIO) -> None:
    set_up_logging(stream=stream)
    seen: list[logging.LogRecord] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    logging.getLogger().addHandler(Keeps())
    logging.getLogger("x").warning("at %s", f"rtsp://a:{SECRET}@h")

    assert_clean(seen[0].getMessage())


def test_json_lines_hold_the_same_facts(stream: io.StringIO) -> None:
    set_up_logging(as_json=True, stream=stream)

    logging.getLogger("ingest.reader").warning("camera %s: %s", "gate", f"rtsp://a:{SECRET}@h refused")

    facts = json.loads(stream.getvalue())
    assert facts["level"] == "warning"
    assert facts["logger"] == "ingest.reader"
    assert facts["message"] == "camera gate: rtsp://***@h refused"


def test_below_the_level_nothing_is_said(stream: io.StringIO) -> None:
    set_up_logging("warning", stream=stream)

    logging.getLogger("x").info("hello")

    assert stream.getvalue() == ""


def test_short_words_that_are_passwords_do_not_blank_the_log() -> None:
    assert Redactor(["on"])("the monitor is on") == "the monitor is on"
