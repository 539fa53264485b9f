"""Memory and CPU figures are what their readings say."""

import subprocess
import sys

import pytest

from lab.bench.footprint import MIB, Footprint, Reading, cpu_figures, memory_figures


def test_memory_is_reported_for_the_first_and_last_window_and_as_a_slope() -> None:
    readings = [Reading(60.0 * minute, (100 + 3 * minute) * MIB, 0.0, 0.0, 1, 1) for minute in range(5)]
    assert memory_figures(readings, 60.0) == {
        "first_mib": 101.5,
        "last_mib": 110.5,
        "peak_mib": 112.0,
        "slope_mib_per_minute": 3.0,
    }


def test_one_reading_has_no_slope() -> None:
    assert memory_figures([Reading(60.0, 100 * MIB, 0.0, 0.0, 1, 1)], 60.0) == {
        "first_mib": 100.0,
        "last_mib": 100.0,
        "peak_mib": 100.0,
        "slope_mib_per_minute": 0.0,
    }


def test_cpu_is_reported_per_camera_and_minute() -> None:
    readings = [Reading(100.0, 0, 5.0, 1.0, 1, 1), Reading(220.0, 0, 17.0, 5.0, 1, 1)]
    assert cpu_figures(readings, cameras=4) == {
        "per_camera_minute_s": 2.0,
        "reading_s": 0.5,
        "scoring_and_rest_s": 1.5,
    }


def test_a_child_counts_from_the_start_of_the_measurement_only_and_its_cpu_outlives_it() -> None:
    sleeper = [sys.executable, "-c", "print(sum(range(3_000_000)), flush=True); input()"]
    before = subprocess.Popen(sleeper, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    footprint = Footprint()
    try:
        assert footprint.read().processes == 1
        with subprocess.Popen(sleeper, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            alive = footprint.read()
            assert alive.processes == 2
            assert alive.children_cpu_s > 0
            child.communicate(b"\n")
        ended = footprint.read()
        assert ended.processes == 1
        assert ended.children_cpu_s == pytest.approx(alive.children_cpu_s)
        assert ended.rss_bytes < alive.rss_bytes
    finally:
        before.communicate(b"\n")


def test_what_an_earlier_child_starts_later_is_somebody_elses_cost() -> None:
    """As a database server forks for each of its clients."""
    program = (
        "import subprocess, sys; input(); "
        "inner = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE); "
        "print('started', flush=True); input(); inner.communicate(b'\\n')"
    )
    server = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    footprint = Footprint()
    try:
        server.stdin.write(b"\n")
        server.stdin.flush()
        assert server.stdout.readline() == b"started\n"
        assert footprint.read().processes == 1
    finally:
        server.communicate(b"\n")
