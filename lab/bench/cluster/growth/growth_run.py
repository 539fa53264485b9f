"""How lag and cost grow with cameras and workers, on real Kafka, Postgres and Redis.

Cameras of one size are paced from memory. Lag is from a frame's arrival in ingest to its row in Postgres, by a column
that the measurement adds to the table; it counts frames received and stored within the window.
"""

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, text

from lab.bench.cluster.chaos.chaos_round import prepare_cluster
from lab.bench.cluster.environment import ClusterServices, ServiceAddresses, start_services
from lab.bench.cluster.feed_process import FeedProcess, FeedProcessSetup, SentCount, start_feed_process
from lab.bench.cluster.growth.capacity import LoadPoint, check_capacity, fit_capacity
from lab.bench.cluster.resource_meter import ResourceMeter, broker_bytes, postgres_bytes, service_processes
from lab.bench.cluster.worker_pool import WorkerPool, start_workers
from storage.sql.database.engine import open_engine

CAMERAS = (1, 4, 16, 64)
WORKERS = (1, 2)
_JOIN_S = 180.0
_CATCH_UP_S = 12.0


@dataclass(frozen=True, slots=True)
class GrowthLoad:
    """What every point shares."""

    seconds: float
    frames_per_s: float
    width: int
    height: int


def run(
    given: ServiceAddresses,
    *,
    cameras: Sequence[int] = CAMERAS,
    workers: Sequence[int] = WORKERS,
    seconds: float = 20.0,
    frames_per_s: float = 1.0,
    width: int = 768,
    height: int = 432,
) -> dict[str, Any]:
    """Return one point for each number of cameras and workers, the capacity fitted on some and checked on others.

    Raises `ServiceMissing` where a service cannot be had, `RuntimeError` where workers do not begin to judge.
    """
    load = GrowthLoad(seconds, frames_per_s, width, height)
    with start_services(given) as services:
        points = [_point(services, load, count, team) for team in workers for count in cameras]
    cores = psutil.cpu_count() or 1
    capacity = fit_capacity(points)
    return {
        "size": f"{width}x{height} yuv420p",
        "frames_per_s_per_camera": frames_per_s,
        "seconds_per_point": seconds,
        "cores": cores,
        "load_before": round(psutil.getloadavg()[2], 1),
        "threads_per_worker": 1,
        "points": [asdict(point) for point in points],
        "capacity": asdict(capacity),
        "checked": [asdict(each) for each in check_capacity(capacity, points, cores)],
    }


def _point(services: ClusterServices, load: GrowthLoad, cameras: int, workers: int) -> LoadPoint:
    names = tuple(f"camera-{number:03d}" for number in range(cameras))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-growth-")))
        setup = stack.enter_context(prepare_cluster(services, names))
        engine = open_engine(setup.database)
        stack.callback(engine.dispose)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE frames ADD stored_at timestamptz DEFAULT clock_timestamp()"))
        team = stack.enter_context(start_workers(setup, workers, folder))
        sender = stack.enter_context(
            start_feed_process(FeedProcessSetup(setup, names, load.frames_per_s, width=load.width, height=load.height))
        )
        _await_all(engine, cameras, team)
        meter = ResourceMeter(
            {"ingest": lambda: [sender.pid], "worker": lambda: list(team.pids)} | service_processes(services)
        )
        window = GrowthWindow(services, engine, meter, sender, setup.topic)
        before = _await_caught_up(window, cameras)
        time.sleep(load.seconds)
        return _figures(engine, cameras, workers, before, window.look())


def _await_all(engine: Engine, cameras: int, team: WorkerPool) -> None:
    deadline = time.monotonic() + _JOIN_S
    while True:
        with engine.connect() as connection:
            seen = connection.execute(text("SELECT count(DISTINCT stream_id) FROM frames")).scalar_one()
        if seen >= cameras:
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"{seen} of {cameras} cameras are judged. {'; '.join(team.dead_workers())}")
        time.sleep(0.2)


@dataclass(frozen=True, slots=True)
class CostReading:
    """Totals at one moment."""

    at: datetime
    sent: SentCount
    stored: int
    cpu_s: dict[str, float]
    broker_bytes: int
    table_bytes: int
    log_bytes: int


@dataclass(frozen=True, slots=True)
class GrowthWindow:
    """Reads every total of one point."""

    services: ClusterServices
    engine: Engine
    meter: ResourceMeter
    sender: FeedProcess
    topic: str

    def look(self) -> CostReading:
        sent = self.sender.count()
        with self.engine.connect() as connection:
            stored = int(connection.execute(text("SELECT count(*) FROM frames")).scalar_one())
        table_bytes, log_bytes = postgres_bytes(self.engine)
        on_disk = broker_bytes(self.services, self.topic)
        return CostReading(datetime.now(UTC), sent, stored, self.meter.read(), on_disk, table_bytes, log_bytes)


def _await_caught_up(window: GrowthWindow, cameras: int) -> CostReading:
    """Return the first look at which what gathered while workers joined is judged, or the one when patience ends."""
    deadline = time.monotonic() + _CATCH_UP_S
    while True:
        found = window.look()
        if found.sent.accepted - found.stored <= max(1, cameras // 2) or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def _figures(engine: Engine, cameras: int, workers: int, before: CostReading, after: CostReading) -> LoadPoint:
    passed_s = (after.at - before.at).total_seconds()
    taken, stored = after.sent.accepted - before.sent.accepted, after.stored - before.stored
    lag_p50_s, lag_p95_s = _lag(engine, before.at, after.at)
    return LoadPoint(
        cameras=cameras,
        workers=workers,
        seconds=round(passed_s, 2),
        taken_per_s=round(taken / passed_s, 2),
        stored_per_s=round(stored / passed_s, 2),
        refused=after.sent.refused - before.sent.refused,
        behind=max(0, after.sent.accepted - after.stored),
        lag_p50_s=lag_p50_s,
        lag_p95_s=lag_p95_s,
        cores={part: round((after.cpu_s[part] - before.cpu_s[part]) / passed_s, 4) for part in after.cpu_s},
        wire_bytes_per_frame=round(after.sent.frame_bytes),
        broker_bytes_per_frame=round(after.broker_bytes / max(1, after.sent.accepted)),
        table_bytes_per_frame=round(after.table_bytes / max(1, after.stored)),
        log_bytes_per_frame=round((after.log_bytes - before.log_bytes) / max(1, stored)),
    )


def _lag(engine: Engine, since: datetime, until: datetime) -> tuple[float | None, float | None]:
    """Return the median and the 95th percentile, None where no frame of the window was stored in it."""
    query = text(
        "SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM stored_at - received_at))"
        " FROM frames WHERE received_at >= :since AND stored_at < :until"
    )
    with engine.connect() as connection:
        found = connection.execute(query, {"since": since, "until": until}).scalar_one()
    return (None, None) if found is None else (round(found[0], 3), round(found[1], 3))
