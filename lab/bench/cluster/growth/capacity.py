"""From measured points to what N cameras need, and how well that foretells points it was not made of. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

PARTS = ("ingest", "worker", "broker", "postgres", "redis")
KEPT_UP_S = 2.0
"""A point kept up where less than what comes in so many seconds waited when its window ended."""


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """One measured load. Rates are frames a second over the window; `cores` are CPU seconds a second, by part.

    `behind` counts frames that were taken and not stored when the window ended.
    """

    cameras: int
    workers: int
    seconds: float
    taken_per_s: float
    stored_per_s: float
    refused: int
    behind: int
    lag_p50_s: float | None
    lag_p95_s: float | None
    cores: Mapping[str, float]
    wire_bytes_per_frame: float
    broker_bytes_per_frame: float
    table_bytes_per_frame: float
    log_bytes_per_frame: float

    @property
    def keeps_up(self) -> bool:
        return self.behind <= KEPT_UP_S * self.taken_per_s

    def cpu_ms_per_frame(self, part: str) -> float:
        """Return the CPU milliseconds a frame: of those taken for what sends, of those stored for what judges."""
        rate = self.taken_per_s if part in ("ingest", "broker") else self.stored_per_s
        return 1e3 * self.cores[part] / rate if rate else float("nan")


@dataclass(frozen=True, slots=True)
class CostLine:
    """Cores of one part at a rate: `idle_cores` (of each process) + `core_s_per_frame` times frames a second."""

    idle_cores: float
    core_s_per_frame: float

    def cores(self, frames_per_s: float, processes: int = 1) -> float:
        return self.idle_cores * processes + self.core_s_per_frame * frames_per_s


@dataclass(frozen=True, slots=True)
class Capacity:
    """What was fitted, and on which points (cameras, workers)."""

    lines: Mapping[str, CostLine]
    fitted_on: tuple[tuple[int, int], ...]

    def cores(self, frames_per_s: float, workers: int) -> float:
        """Return the cores that everything needs together."""
        return sum(line.cores(frames_per_s, workers if part == "worker" else 1) for part, line in self.lines.items())

    def most_frames_per_s(self, cores: float, workers: int) -> float:
        """Return the frames a second at which so many cores are full, or one thread of each worker is."""
        idle = self.cores(0.0, workers)
        each = sum(line.core_s_per_frame for line in self.lines.values())
        worker = self.lines["worker"]
        by_threads = workers * (1 - worker.idle_cores) / worker.core_s_per_frame
        return min((cores - idle) / each, by_threads)


@dataclass(frozen=True, slots=True)
class CapacityCheck:
    """A point the capacity was not fitted on: what was predicted, and what was measured."""

    cameras: int
    workers: int
    what: str
    predicted: float
    measured: float

    @property
    def off(self) -> float:
        """Return by how much the prediction is off, as a share of the measured."""
        return self.predicted / self.measured - 1


def fit_capacity(points: Sequence[LoadPoint]) -> Capacity:
    """Fit a line a part by least squares over the points of one worker that kept up. Raises `ValueError` under two."""
    used = [point for point in points if point.workers == 1 and point.keeps_up]
    if len(used) < 2:
        raise ValueError("fewer than two loads of one worker kept up: nothing can be fitted")
    return Capacity(
        {part: _line(part, used) for part in PARTS}, tuple((point.cameras, point.workers) for point in used)
    )


def _line(part: str, points: Sequence[LoadPoint]) -> CostLine:
    rates = np.array([point.stored_per_s for point in points])
    cores = np.array([point.cores[part] for point in points])
    slope, start = np.polyfit(rates, cores, 1)
    # A part that idles at nothing may be fitted a little below it.
    return CostLine(max(0.0, float(start)), max(0.0, float(slope)))


def check_capacity(capacity: Capacity, points: Sequence[LoadPoint], cores: int) -> list[CapacityCheck]:
    """Hold the capacity against every point it was not fitted on: cores where it kept up, else the rate reached."""
    checks = []
    for point in points:
        if (point.cameras, point.workers) in capacity.fitted_on:
            continue
        if point.keeps_up:
            predicted, measured = capacity.cores(point.stored_per_s, point.workers), sum(point.cores.values())
            checks.append(CapacityCheck(point.cameras, point.workers, "cores", predicted, measured))
        else:
            most = min(point.taken_per_s, capacity.most_frames_per_s(cores, point.workers))
            checks.append(CapacityCheck(point.cameras, point.workers, "frames/s", most, point.stored_per_s))
    return checks
