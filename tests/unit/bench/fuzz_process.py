"""A process that feeds a door which does one kind of harm, for the fuzzer's own tests. Run by its path."""

import os
import sys
import time

from bench.fuzz.process import Slice, feed_slice, write_result
from bench.fuzz.target import Door, Target
from domain.errors import FrameRejected

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
    work = Slice.from_words(sys.argv[1:])
    target = Target(work.target, lambda: Door([HARMFUL], HARMS[work.target]))
    write_result(work.result, feed_slice(target, work))
