"""A process that feeds a door which does one kind of harm, for the fuzzer's own tests. Run by its path."""

import os
import sys
import time

from domain.errors import FrameRejected
from lab.bench.fuzz.feeder_process import FuzzSlice, feed_slice, write_result
from lab.bench.fuzz.target import EntryPoint, Target

HARMFUL = b"harm"


def crash(data: bytes) -> None:
    os.abort()


def hang(data: bytes) -> None:
    time.sleep(60)


def grow(data: bytes) -> None:
    kept.append(b"x" * (300 << 20))
    time.sleep(60)


def err(data: bytes) -> None:
    raise KeyError(data)


def refuse(data: bytes) -> None:
    raise FrameRejected("no")


kept: list[bytes] = []
HARMS = {"crash": crash, "hang": hang, "grow": grow, "err": err, "refuse": refuse}

if __name__ == "__main__":
    work = FuzzSlice.from_words(sys.argv[1:])
    target = Target(work.target, lambda: EntryPoint([HARMFUL], HARMS[work.target]))
    write_result(work.result, feed_slice(target, work))
