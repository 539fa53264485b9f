"""Turns a request to end into an event, so that work in progress is finished first.

Ctrl-C, a service manager's stop, and the end of the terminal (SIGHUP) mean the same. Settings are read once, at the
start: SIGHUP does not read them again, the process ends in order and can be started again.
"""

import faulthandler
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LISTEN_S = 0.5
END_WITHIN_S = 50.0
"""A process that is asked to end and has not by then says where each thread is, and ends: managers kill after 60 s."""


def wait_for_stop(stop: threading.Event) -> None:
    """Wait until the event is set.

    Python runs a signal's handler in the main thread, once that does something. The system may give the signal to
    another thread; a main thread that waits without end would then never hear of it.
    """
    while not stop.wait(_LISTEN_S):
        pass


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that SIGINT, SIGTERM and SIGHUP set; a second signal of a kind ends the process at once.

    From the signal on the process has `END_WITHIN_S` to end, its interpreter's exit included, or it ends with status 1.
    A signal that is ignored already, as `nohup` does with SIGHUP, stays ignored.
    """
    stop = threading.Event()

    def request_stop(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)
        if sys.__stderr__ is not None:
            faulthandler.dump_traceback_later(END_WITHIN_S, exit=True, file=sys.__stderr__)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    received = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, request_stop) for number in received}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
