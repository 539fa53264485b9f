import io
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest

from domain.text.camera_urls import find_secrets
from sightline.runtime.logging_setup import Redactor, set_up_logging

SECRET = "p@ss:w0rd/#hunter2"
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


def test_a_known_secret_is_hidden_wherever_it_is(stream: io.StringIO) -> None:
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

    logging.getLogger("ingest.supervise.camera_reader").warning("camera %s: %s", "gate", f"rtsp://a:{SECRET}@h refused")

    facts = json.loads(stream.getvalue())
    assert facts["level"] == "warning"
    assert facts["logger"] == "ingest.supervise.camera_reader"
    assert facts["message"] == "camera gate: rtsp://***@h refused"


def test_below_the_level_nothing_is_said(stream: io.StringIO) -> None:
    set_up_logging("warning", stream=stream)

    logging.getLogger("x").info("hello")

    assert stream.getvalue() == ""


def test_short_words_that_are_passwords_do_not_blank_the_log() -> None:
    assert Redactor(["on"])("the monitor is on") == "the monitor is on"


@pytest.mark.parametrize("as_json", [False, True])
def test_no_record_can_forge_another_or_steer_a_terminal(stream: io.StringIO, as_json: bool) -> None:
    set_up_logging(stream=stream, as_json=as_json)
    forged = "lost\n2026-03-01T12:00:00.000Z error x: forged\r\x1b[2J\x9b31m\u202eevil\x00"

    logging.getLogger("x").warning("camera %s: %s", "gate", forged)
    try:
        raise OSError(forged)
    except OSError:
        logging.getLogger("x").exception("failed")

    lines = stream.getvalue().splitlines()
    assert sum(line.startswith(("2026-03-01T12:00:00.000Z error x: forged", "20")) for line in lines) in (0, 2)
    assert not any(line.startswith("2026-03-01T12:00:00.000Z error x") for line in lines)
    assert not {"\x1b", "\x9b", "\x00", "\r", "\u202e"} & set(stream.getvalue())
    if as_json:
        assert [json.loads(line)["level"] for line in lines] == ["warning", "error"]


def test_thousands_of_secrets_are_found_in_a_long_text_in_one_pass() -> None:
    redactor = Redactor([f"secret-{number}-{number % 7}" for number in range(20_000)])
    began = time.thread_time()

    text = redactor("x secret-19999-0 " * 6_000 + "secret-3-3")

    assert time.thread_time() - began < 3.0
    assert "secret-19999-0" not in text
    assert "secret-3-3" not in text
    assert text.count("***") == 6_001


@pytest.mark.parametrize(
    "url", ["rtsp://u:p'%20\"x<y@h/1", "https://h/services/T0/B0/x7Yzx7Yzx7Yzx7Yz", "http://h/?loginpas=abc%20d"]
)
def test_a_learned_address_is_hidden_in_every_form_a_library_may_quote(url: str) -> None:
    redactor = Redactor(find_secrets(url))
    secret = next(each for each in ("p'%20\"x<y", "x7Yzx7Yzx7Yzx7Yz", "abc%20d") if each in url)
    plain = unquote(secret)

    for quoted in (secret, plain, quote(plain, safe=""), json.dumps(plain)[1:-1]):
        assert quoted not in redactor(f"a library says {quoted}, and goes on")


def test_what_no_thread_caught_is_logged_clean(stream: io.StringIO) -> None:
    set_up_logging(stream=stream)

    def fails() -> None:
        raise OSError(f"rtsp://a:{SECRET}@h\nforged")

    thread = threading.Thread(target=fails, name="reader")
    thread.start()
    thread.join()

    assert "reader failed" in stream.getvalue()
    assert_clean(stream.getvalue())


def test_the_log_of_a_reading_process_is_clean_too() -> None:
    program = (
        "import logging; from ingest.supervise.reader_process import set_up_reader_logging; set_up_reader_logging()\n"
        f"url = {f'rtsp://a:{SECRET}@h/x'!r}\n"
        "logging.getLogger('ingest').warning('lost %s: a\\nb\\x1b[31m', url)\n"
        "raise OSError(url)"
    )
    ran = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=False, timeout=60)

    assert "WARNING ingest: lost rtsp://***@h/x: a\n    b\\x1b[31m" in ran.stderr
    assert "a reading process failed" in ran.stderr
    assert_clean(ran.stderr)
