"""A long watch by the cluster's own processes: served cameras, ingest, Kafka, two workers, Postgres, Redis, dispatch.

One camera is pulled and brought back meanwhile. It holds the cluster to its promises (every frame offered is stored
once or counted as dropped; one alert for the pulled camera and none for the others) and says what a frame costs.
"""

import json
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Engine, text

from domain.errors import ConfigError
from lab.bench.cluster.environment import ClusterServices, ServiceAddresses, start_services
from lab.bench.cluster.frame_accounts import ClusterFrameAccount, read_frame_accounts
from lab.bench.cluster.resource_meter import Pids, ResourceMeter, broker_bytes, postgres_bytes, service_processes
from lab.bench.soak import SoakPlan, plan_soak, serve_cameras
from lab.services.databases import fresh_database
from lab.services.server_process import write_private
from simulation.cameras.served_cameras import RtspServer, explain_missing_server
from simulation.films.film import FPS
from simulation.films.scenes import HEIGHT, WIDTH
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema

WORKERS = 2
Message: TypeAlias = tuple[str, str, str, datetime]
"""(camera, headline, kind, when) of a message in the outbox."""
_JOIN_S = 90.0
_END_S = 60.0


def run(
    given: ServiceAddresses, program: Sequence[str], *, minutes: float = 10.0, cameras: int = 8, raise_s: float = 4.0
) -> dict[str, Any]:
    """Return the figures of one run, `broken` naming every promise not kept.

    `program` is how `sightline` is called. Raises `ConfigError` without an RTSP server, `ServiceMissing` without a
    service.
    """
    reason = explain_missing_server()
    if reason is not None:
        raise ConfigError(f"bench cluster: {reason}")
    names = [f"camera-{number:02d}" for number in range(1, cameras + 1)]
    plan = plan_soak(minutes * 60, raise_s, names[-1])
    with ExitStack() as stack:
        services = stack.enter_context(start_services(given))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-watch-")))
        server = stack.enter_context(serve_cameras(names, folder))
        database = stack.enter_context(fresh_database(services.postgres.address))
        engine = _with_stored_at(database)
        stack.callback(engine.dispose)
        topic = f"bench.{secrets.token_hex(4)}"
        urls = {name: server.url(name) for name in names}
        settings = folder / "sightline.json"
        write_private(settings, json.dumps(_settings(services, urls, database, topic, raise_s)))
        parts = stack.enter_context(_start_processes(program, settings, folder))
        _wait(
            lambda: _count_stored(engine) >= cameras,
            _JOIN_S,
            lambda: f"{parts.dead_workers()} {parts.log_tail('work-0')}",
        )
        seen = _watch_cluster(ResourceMeter({**parts.groups(), **service_processes(services)}), server, plan)
        wrong = parts.dead_workers()
        parts.stop("ingest")
        found = _await_settled(engine, names)
        wrong += parts.stop()
        totals = _totals(services, engine, topic)
    wrong += [
        f"{name}: {each}" for name, account in found.items() for each in account.wrong
    ] + find_wrong_notifications(plan.pulled, totals.notifications)
    return {"broken": wrong, **_figures(plan, seen, found, totals)}


def _with_stored_at(database: str) -> Engine:
    """Return the newest schema with a column more: when a row was stored."""
    engine = open_engine(database, busy_timeout_s=60)
    upgrade_schema(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE frames ADD stored_at timestamptz DEFAULT clock_timestamp()"))
    return engine


def _settings(
    services: ClusterServices, urls: Mapping[str, str], database: str, topic: str, raise_s: float
) -> dict[str, Any]:
    return {
        "database": database,
        "queue": {"kind": "kafka", "servers": [services.kafka.address], "topic": topic, "group": topic},
        "live": {"kind": "redis", "url": services.redis.address},
        "threads": 1,
        "evaluation": {"raise_s": raise_s},
        "cameras": [{"name": name, "url": url, "site": "bench"} for name, url in urls.items()],
    }


@dataclass(slots=True)
class WatchedProcesses:
    """The cluster's processes by name; each says into a file of its own."""

    processes: dict[str, "subprocess.Popen[bytes]"]
    folder: Path

    def groups(self) -> dict[str, Pids]:
        """Return the processes by what they do, for the meter."""
        return {name: partial(self._pids, name) for name in ("ingest", "work", "dispatch")}

    def _pids(self, name: str) -> list[int]:
        return [process.pid for part, process in self.processes.items() if part.startswith(name)]

    def dead_workers(self) -> list[str]:
        """Return which processes have ended although nobody asked them to."""
        return [
            f"{name} ended with {process.returncode}: {self.log_tail(name)}"
            for name, process in self.processes.items()
            if process.poll() is not None
        ]

    def log_tail(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-600:]

    def stop(self, only: str = "") -> list[str]:
        """Ask all whose name begins so to end, and return which did not end well."""
        chosen = {name: process for name, process in self.processes.items() if name.startswith(only)}
        for process in chosen.values():
            process.send_signal(signal.SIGTERM)
        wrong = []
        for name, process in chosen.items():
            try:
                ended = process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                ended = process.wait()
            if ended != 0:
                wrong.append(f"{name} ended with {ended}: {self.log_tail(name)}")
        self.processes = {name: process for name, process in self.processes.items() if name not in chosen}
        return wrong


@contextmanager
def _start_processes(program: Sequence[str], settings: Path, folder: Path) -> Iterator[WatchedProcesses]:
    """Run ingest, the workers and dispatch for the length of the block."""
    parts = WatchedProcesses({}, folder)
    try:
        for name in ("dispatch", *(f"work-{number}" for number in range(WORKERS)), "ingest"):
            with (folder / f"{name}.log").open("wb") as log:
                command = [*program, name.partition("-")[0], str(settings)]
                parts.processes[name] = subprocess.Popen(command, stdout=log, stderr=log)
        yield parts
    finally:
        parts.stop()


@dataclass(slots=True)
class _Seen:
    """What was seen while it ran. `cores` are CPU seconds a second by part, after all cameras were judged once."""

    seconds: float = 0.0
    cores: dict[str, float] = field(default_factory=dict)
    pulled_at: datetime | None = None
    restored_at: datetime | None = None


def _watch_cluster(meter: ResourceMeter, server: RtspServer, plan: SoakPlan) -> _Seen:
    """Watch as planned from now on, pulling one camera meanwhile."""
    seen, before, began_s = _Seen(), meter.read(), time.monotonic()
    _sleep_until(began_s + plan.pull_at_s)
    server.pull(plan.pulled)
    seen.pulled_at = datetime.now(UTC)
    _sleep_until(began_s + plan.restore_at_s)
    server.restore(plan.pulled)
    seen.restored_at = datetime.now(UTC)
    _sleep_until(began_s + plan.seconds)
    after, seen.seconds = meter.read(), time.monotonic() - began_s
    seen.cores = {name: (after[name] - before[name]) / seen.seconds for name in after}
    return seen


def _sleep_until(moment_s: float) -> None:
    time.sleep(max(0.0, moment_s - time.monotonic()))


def _count_stored(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(DISTINCT stream_id) FROM frames")).scalar_one())


def _wait(seen: Callable[[], bool], patience_s: float, reason: Callable[[], str]) -> None:
    deadline = time.monotonic() + patience_s
    while not seen():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the cluster does not judge: {reason()}")
        time.sleep(0.5)


def _await_settled(engine: Engine, names: Sequence[str]) -> Mapping[str, ClusterFrameAccount]:
    """Return the accounts once they close, or as they are when patience ends."""
    deadline = time.monotonic() + _END_S
    while True:
        found = read_frame_accounts(engine, names)
        if not any(account.wrong for account in found.values()) or time.monotonic() > deadline:
            return found
        time.sleep(1.0)


@dataclass(frozen=True, slots=True)
class _Totals:
    lags_s: tuple[float, float]
    broker_bytes: int
    table_bytes: int
    notifications: tuple[Message, ...]


def _totals(services: ClusterServices, engine: Engine, topic: str) -> _Totals:
    lag = text(
        "SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM stored_at - received_at))"
        " FROM frames"
    )
    query = text(
        "SELECT incident->>'stream_id', incident->>'headline', kind, created_at FROM outbox ORDER BY created_at"
    )
    with engine.connect() as connection:
        median_s, high_s = connection.execute(lag).scalar_one()
        messages = tuple((row[0], row[1], row[2], row[3]) for row in connection.execute(query))
    return _Totals((median_s, high_s), broker_bytes(services, topic), postgres_bytes(engine)[0], messages)


def _figures(plan: SoakPlan, seen: _Seen, found: Mapping[str, ClusterFrameAccount], totals: _Totals) -> dict[str, Any]:
    stored = sum(account.stored for account in found.values())
    per_s = stored / plan.seconds
    return {
        "minutes": round(plan.seconds / 60, 2),
        "cameras": len(found),
        "workers": WORKERS,
        "streams": f"{WIDTH}x{HEIGHT} {FPS} fps H.264 over RTSP/TCP, one frame a second judged",
        "frames": {
            "offered": sum(account.offered for account in found.values()),
            "stored": stored,
            "dropped_by_ingest": sum(account.dropped for account in found.values()),
            "dropped_by_workers": sum(account.shed for account in found.values()),
            "put_aside": sum(account.put_aside for account in found.values()),
        },
        "lag_p50_s": round(totals.lags_s[0], 3),
        "lag_p95_s": round(totals.lags_s[1], 3),
        "cpu_ms_per_frame": {name: round(1e3 * cores / per_s, 2) for name, cores in seen.cores.items()},
        "broker_bytes_per_frame": round(totals.broker_bytes / max(1, stored)),
        "table_bytes_per_frame": round(totals.table_bytes / max(1, stored)),
        "alerts": [f"{camera} {headline} {kind}" for camera, headline, kind, _ in totals.notifications],
        "told_after_s": _after(totals, "firing", seen.pulled_at),
        "ended_after_s": _after(totals, "resolved", seen.restored_at),
    }


def find_wrong_notifications(pulled: str, notifications: Sequence[Message]) -> list[str]:
    """Return what is wrong with the messages: the pulled camera's loss and return are due once each, nothing else."""
    due = [(pulled, "signal_loss", "firing"), (pulled, "signal_loss", "resolved")]
    found = [(camera, headline, kind) for camera, headline, kind, _ in notifications]
    wrong = [f"announced and not due: {' '.join(each)}" for each in found if each not in due]
    counts = {each: found.count(each) for each in due}
    return wrong + [
        f"announced {count} times instead of once: {' '.join(each)}" for each, count in counts.items() if count != 1
    ]


def _after(totals: _Totals, kind: str, since: datetime | None) -> float | None:
    first = next((at for _, _, each, at in totals.notifications if each == kind), None)
    return None if first is None or since is None else round((first - since).total_seconds(), 1)
