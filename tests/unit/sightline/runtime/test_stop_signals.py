"""Every request to end sets one event; nothing else changes."""

import faulthandler
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.runtime.stop_signals import STOP_SIGNALS, stop_on_signals, wait_for_stop


@pytest.fixture(autouse=True)
def no_watch_is_left() -> Iterator[None]:
    """The tests' own process goes on after the block."""
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_request_to_end_sets_the_event_and_the_handlers_come_back(number: signal.Signals) -> None:
    before = {each: signal.getsignal(each) for each in STOP_SIGNALS}

    with stop_on_signals() as stop:
        os.kill(os.getpid(), number)
        assert stop.wait(60)
        assert signal.getsignal(number) is signal.SIG_DFL

    assert {each: signal.getsignal(each) for each in STOP_SIGNALS} == before


def test_a_request_that_reaches_another_thread_is_heard() -> None:
    with stop_on_signals() as stop:
        other = threading.Timer(0.1, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM))
        other.start()
        wait_for_stop(stop)
        other.join()
    assert stop.is_set()


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_terminal_that_is_closed_ends_a_command_in_order(tmp_path: Path) -> None:
    """The kernel sends SIGHUP, and every further word to the terminal fails."""
    done = tmp_path / "done"
    program = (
        # Makes this the terminal whose end the session is told.
        "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        "from pathlib import Path; from sightline.cli.console import say, without_traceback\n"
        "from sightline.runtime.stop_signals import stop_on_signals\n"
        "@without_traceback\n"
        "def command():\n"
        "    with stop_on_signals() as stop:\n"
        "        say('runs')\n"
        "        stop.wait(60)\n"
        "        say('stopping')\n"
        "        Path(sys.argv[1]).write_text('in order')\n"
        "command()"
    )
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program, str(done)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        closing = threading.Timer(110, process.kill)
        closing.start()
        assert b"runs" in os.read(ours, 1000)

        os.close(ours)

        assert process.wait() == 0
        closing.cancel()
    assert done.read_text(encoding="utf-8") == "in order"


@pytest.mark.parametrize("where", ["while it stops", "at the interpreter's exit"])
def test_a_command_that_does_not_end_says_where_it_hangs_and_ends(where: str) -> None:
    program = (
        "import os, signal, sys, threading\n"
        "from sightline.runtime import stop_signals\n"
        "stop_signals.END_WITHIN_S = 0.2\n"
        "def hang():\n"
        "    threading.Event().wait(300)\n"
        "with stop_signals.stop_on_signals() as stop:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    stop.wait()\n"
        "    if sys.argv[1] == 'while it stops':\n"
        "        hang()\n"
        "threading.Thread(target=hang).start()\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program, where], capture_output=True, text=True, timeout=120, check=False
    )

    assert ended.returncode == 1
    assert "in hang" in ended.stderr
