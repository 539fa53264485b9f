"""Loaded by every Python process of a run with a stepped clock, before anything else.

libfaketime 0.9.10 breaks `clock_nanosleep`, which `time.sleep` calls; waiting by `select` does the same without it.
"""

import select
import time


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        select.select([], [], [], left_s)


time.sleep = _sleep  # type: ignore[assignment]
