"""Keeps memory that was freed for the next picture instead of giving it back to the system after each one."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of glibc's mallopt(3)."""
_KEPT_BYTES = 256 << 20
_LARGEST_FROM_HEAP = 32 << 20


def keep_freed_memory() -> bool:
    """Have the C library keep up to 256 MiB that it would give back; return whether it could be set.

    A picture takes about ten times its own size for the milliseconds of its measurement. Fetching that from the
    system again for every picture costs a sixth of the time. One pool serves all threads, so that only one picture's
    worth is kept where pictures are measured one after the other. With other C libraries than glibc nothing changes.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    settings = ((_TRIM_THRESHOLD, _KEPT_BYTES), (_MMAP_THRESHOLD, _LARGEST_FROM_HEAP), (_ARENA_MAX, 1))
    return all([mallopt(parameter, value) == 1 for parameter, value in settings])


def return_freed_memory() -> bool:
    """Give what is kept for the next picture back to the system, where no picture came for a while."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).malloc_trim(0) == 1)
    except (AttributeError, OSError):
        return False
