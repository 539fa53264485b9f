"""Loaded by every Python process of a run with a stepped clock, before anything else.

libfaketime 0.9.10 breaks `clock_nanosleep`, which `time.sleep` calls; waiting by `select` does the same without it.
It reads its settings again at each look at a clock and each timed wait, which is half of what a reading process then
costs. Reading processes have their time from the program that started them: they begin without it.
"""

import os
import select
import time


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        select.select([], [], [], left_s)


if os.environ.pop("LD_PRELOAD", None) is not None:
    time.sleep = _sleep  # type: ignore[assignment]
