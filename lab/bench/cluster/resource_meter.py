"""What each part of the cluster costs: CPU seconds of its processes, bytes in the broker's files and in Postgres."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import Engine, text

from lab.bench.cluster.environment import ClusterServices

BLOCK_BYTES = 512
"""What `st_blocks` counts in."""

Pids = Callable[[], Sequence[int | None]]


def cpu_s(pids: Sequence[int | None]) -> float:
    """Return the CPU seconds of these processes and all below them; those that have ended count nothing."""
    return sum(_tree_cpu_s(pid) for pid in pids if pid is not None)


def _tree_cpu_s(pid: int) -> float:
    total = 0.0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system
    except psutil.NoSuchProcess:
        return total
    return total


@dataclass(frozen=True, slots=True)
class ResourceMeter:
    """Reads the CPU of named parts."""

    parts: Mapping[str, Pids]

    def read(self) -> dict[str, float]:
        return {name: cpu_s(pids()) for name, pids in self.parts.items()}


def service_processes(stage: ClusterServices) -> dict[str, Pids]:
    """Return the parts that the services are; one that is not ours reads 0."""
    return {
        "broker": lambda: [stage.kafka.pid],
        "postgres": lambda: [stage.postgres.pid],
        "redis": lambda: [stage.redis.pid],
    }


def broker_bytes(stage: ClusterServices, topic: str) -> int:
    """Return what the topic takes on the broker's disk, 0 where the broker is not ours."""
    if stage.kafka.folder is None:
        return 0
    folders = (stage.kafka.folder / "data").glob(f"{topic}-*")
    return sum(_bytes(file) for folder in folders for file in folder.iterdir())


def _bytes(file: Path) -> int:
    return file.stat().st_blocks * BLOCK_BYTES


def postgres_bytes(engine: Engine) -> tuple[int, int]:
    """Return the size of the frames' table with its index, and the position in the write-ahead log, both in bytes."""
    size = text("SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits WHERE inhparent = :table")
    position = text("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
    with engine.connect() as connection:
        table = connection.execute(text("SELECT 'frames'::regclass::oid")).scalar_one()
        return (
            int(connection.execute(size, {"table": table}).scalar_one()),
            int(connection.execute(position).scalar_one()),
        )
