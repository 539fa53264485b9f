"""Cameras of 4K and 12 megapixels: what a reading process holds of them is bounded, whatever their number."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from datetime import UTC, datetime, timedelta
import numpy as np
from detectors.metrics.allocator import keep_freed_memory
from domain.frames import ColorRange, Frame, FrameFormat, FrameRef
from ingest.supervise.measurement import FrameMeasurer

width, height = int(sys.argv[1]), int(sys.argv[2])
keep_freed_memory()
measurer = FrameMeasurer(every_s={})
random = np.random.default_rng(1)
luma = np.repeat(np.repeat(random.integers(20, 230, (height // 8, width // 8), np.uint8), 8, 0), 8, 1)
chroma = np.full((height // 2, width // 2), 120, np.uint8)
shape = FrameFormat(width, height, "yuv420p", ColorRange.LIMITED)

def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def look(cameras, seconds):
    for second in seconds:
        for camera in range(cameras):
            at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=second)
            ref = FrameRef(f"camera-{camera}", "s", second, None, at)
            sent = measurer.measure(Frame(ref, shape, (np.roll(luma, second, 0), chroma, chroma)))
            assert sent.measured is not None and not sent.has_picture

before = peak_mib()
look(1, range(3))
one = peak_mib()
look(8, range(3, 5))
print(one - before, peak_mib() - one)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is counted in KiB there")
@pytest.mark.parametrize(("width", "height"), [(3840, 2160), (4000, 3000)])
def test_a_large_picture_takes_ten_times_its_size_at_most_and_a_camera_two_megabytes(width: int, height: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(width), str(height)], check=True, capture_output=True, text=True
    )
    first_mib, more_mib = (float(word) for word in ran.stdout.split())
    picture_mib = width * height * 1.5 / 2**20
    assert first_mib < 10 * picture_mib
    assert more_mib < 7 * 2 + picture_mib
