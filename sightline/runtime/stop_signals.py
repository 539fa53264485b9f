"""Turns a request to end into an event, so that work in progress is finished first.

Ctrl-C, a service manager's stop, and the end of the terminal (SIGHUP) mean the same. Settings are read once, at the
start: SIGHUP does not read them again, the process ends in order and can be started again.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that SIGINT, SIGTERM and SIGHUP set; a second signal of a kind ends the process at once.

    A signal that is ignored already, as `nohup` does with SIGHUP, stays ignored.
    """
    stop = threading.Event()

    def asked(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    received = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, asked) for number in received}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
