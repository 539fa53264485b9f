"""What a running system costs its machine: memory, CPU and threads of this process and of all it starts."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import psutil

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the process tree. `at_s` is monotonic; CPU seconds are totals, ended children included."""

    at_s: float
    rss_bytes: int
    own_cpu_s: float
    children_cpu_s: float
    threads: int
    processes: int


class ProgramsFootprint:
    """Reads the trees of other processes, asked for at each reading by `roots`; one that is gone counts nothing.

    Memory is the sum of resident sets: pages that processes share count once for each.
    """

    def __init__(self, roots: Callable[[], Sequence[int]]) -> None:
        self._roots = roots

    def read(self) -> Reading:
        """Return what the trees cost now; CPU seconds are those of the processes alive."""
        rss_bytes, threads, processes, own_s, children_s = 0, 0, 0, 0.0, 0.0
        for pid in self._roots():
            for process in _tree(pid):
                try:
                    with process.oneshot():
                        rss_bytes += process.memory_info().rss
                        threads += process.num_threads()
                        used_s = _cpu_s(process)
                except psutil.NoSuchProcess:
                    continue
                processes += 1
                own_s, children_s = (own_s + used_s, children_s) if process.pid == pid else (own_s, children_s + used_s)
        return Reading(time.monotonic(), rss_bytes, own_s, children_s, threads, processes)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


class Footprint:
    """Reads this process and the children it starts from now on.

    Those it has already, and what these start, are somebody else's cost. Memory is the sum of resident sets:
    pages that processes share count once for each.
    """

    def __init__(self) -> None:
        self._self = psutil.Process()
        self._others = frozenset(self._self.children())
        self._children_cpu_s: dict[psutil.Process, float] = {}

    def read(self) -> Reading:
        """Return what the tree costs now; a child that ends meanwhile keeps the CPU seconds seen last."""
        rss_bytes, threads, processes = self._self.memory_info().rss, self._self.num_threads(), 1
        for child in self._children():
            try:
                with child.oneshot():
                    rss_bytes += child.memory_info().rss
                    threads += child.num_threads()
                    self._children_cpu_s[child] = _cpu_s(child)
            except psutil.NoSuchProcess:
                continue
            processes += 1
        own_s, children_s = _cpu_s(self._self), sum(self._children_cpu_s.values())
        return Reading(time.monotonic(), rss_bytes, own_s, children_s, threads, processes)

    def _children(self) -> Iterator[psutil.Process]:
        """Give the processes below this one that are not below one of the others: a server forks when it is asked."""
        for child in self._self.children():
            if child not in self._others:
                yield from _tree(child.pid)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def memory_figures(readings: Sequence[Reading], window_s: float) -> dict[str, float]:
    """Return the mean resident MiB of the first and the last `window_s`, and the least-squares slope a minute.

    One reading has no slope: it is 0.
    """
    times_s = np.array([reading.at_s for reading in readings])
    rss_mib = np.array([reading.rss_bytes for reading in readings]) / MIB
    first, last = times_s <= times_s[0] + window_s, times_s >= times_s[-1] - window_s
    slope_per_s = np.polyfit(times_s - times_s[0], rss_mib, 1)[0] if np.ptp(times_s) > 0 else 0.0
    return {
        "first_mib": round(float(rss_mib[first].mean()), 1),
        "last_mib": round(float(rss_mib[last].mean()), 1),
        "peak_mib": round(float(rss_mib.max()), 1),
        "slope_mib_per_minute": round(float(slope_per_s) * 60, 3),
    }


def cpu_figures(readings: Sequence[Reading], cameras: int) -> dict[str, float]:
    """Return CPU seconds a camera and minute: of all, of the reading processes, and of the process that scores."""
    first, last = readings[0], readings[-1]
    camera_minutes = cameras * (last.at_s - first.at_s) / 60
    reading_s = (last.children_cpu_s - first.children_cpu_s) / camera_minutes
    scoring_s = (last.own_cpu_s - first.own_cpu_s) / camera_minutes
    return {
        "per_camera_minute_s": round(reading_s + scoring_s, 3),
        "reading_s": round(reading_s, 3),
        "scoring_and_rest_s": round(scoring_s, 3),
    }
