"""Memory of pictures is kept for the next one, and given back where none comes."""

import subprocess
import sys

import pytest

PROGRAM = """
import os
import numpy as np
from detectors.metrics.allocator import keep_freed_memory, return_freed_memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

assert keep_freed_memory()
before = resident()
pictures = [np.ones(8 << 20, np.uint8) for _ in range(12)]
del pictures
kept = resident()
assert return_freed_memory()
print(kept - before, resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc keeps and returns it")
def test_what_was_freed_is_kept_until_it_is_returned() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    kept_mb, left_mb = (int(word) for word in ran.stdout.split())
    assert kept_mb > 80
    assert left_mb < 16
