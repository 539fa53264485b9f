"""The four commands of the cluster as processes of their own, on one settings file and the real services."""

import json
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from sightline.config.settings_loading import load_settings
from sightline.doctor.checks import check_cluster_services
from sightline.doctor.finding import Health
from storage.sql.database.engine import open_engine
from storage.sql.score_store import SqlScoreStore
from tests import services
from tests.end_to_end.clips import write_clip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

COMMANDS = ("serve", "dispatch", "work", "ingest")
CAMERAS = ("dock", "gate")
PATIENCE_S = 180.0


@dataclass
class Cluster:
    """The processes, where they answer, and the database they fill."""

    engine: Engine
    page: str
    settings: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)

    def said(self) -> str:
        return "\n".join(f"--- {name}\n{path.read_text(errors='replace')[-1500:]}" for name, path in self.logs.items())

    def wait_for(self, what: str, seen: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not seen():
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            assert not ended, f"{ended} ended\n{self.said()}"
            assert time.monotonic() < deadline, f"{what} not seen\n{self.said()}"
            time.sleep(0.2)


@pytest.fixture(scope="module")
def cluster(
    kafka_broker: services.Service,
    postgres_url: str,
    redis_server: services.Service,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    name = f"processes_{secrets.token_hex(4)}"
    database = new_database(postgres_url, name)
    for camera in CAMERAS:
        write_clip(folder / f"{camera}.mp4", seconds=60, fps=5)
    port = services.free_port()
    settings = folder / "sightline.yaml"
    settings.write_text(
        json.dumps(
            {
                "database": database,
                "queue": {"kind": "kafka", "servers": [kafka_broker.address], "topic": name, "group": name},
                "live": {"kind": "redis", "url": redis_server.address},
                "api": {"port": port},
                "threads": 1,
                "cameras": [{"name": camera, "url": str(folder / f"{camera}.mp4")} for camera in CAMERAS],
            }
        ),
        encoding="utf-8",
    )
    found = Cluster(open_engine(database), f"http://127.0.0.1:{port}", settings)
    with ExitStack() as stack:
        for command in COMMANDS:
            found.logs[command] = folder / f"{command}.log"
            log = stack.enter_context(found.logs[command].open("wb"))
            program = [sys.executable, "-c", "from sightline.cli.main import app; app()", command, str(settings)]
            process = subprocess.Popen(program, stderr=log, stdout=log)
            stack.callback(process.wait, 60)
            stack.callback(process.kill)
            found.processes[command] = process
        yield found
    found.engine.dispose()


def new_database(postgres_url: str, name: str) -> str:
    server = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)


def test_scores_arrive_the_api_shows_them_and_each_process_ends_well_when_asked(cluster: Cluster) -> None:
    cluster.wait_for("scores of both cameras", lambda: all(stored(cluster.engine, name) for name in CAMERAS))
    cluster.wait_for("both cameras in the API", lambda: shown(cluster.page) == set(CAMERAS))
    found = {each.subject: each.health for each in check_cluster_services(load_settings(cluster.settings))}
    assert found == {"kafka": Health.OK, "redis": Health.OK}

    for process, asked_by in zip(cluster.processes.values(), cycle((signal.SIGTERM, signal.SIGHUP)), strict=False):
        process.send_signal(asked_by)

    ended = {name: process.wait(120) for name, process in cluster.processes.items()}
    assert ended == dict.fromkeys(COMMANDS, 0), cluster.said()
    with cluster.engine.connect() as connection:
        leases = connection.execute(text("SELECT camera, holder, token FROM leases ORDER BY camera")).all()
    assert [tuple(row) for row in leases] == [(name, "", 1) for name in CAMERAS]


def stored(engine: Engine, camera: str) -> bool:
    if not inspect(engine).has_table("frames"):
        return False
    now = datetime.now(UTC)
    return bool(SqlScoreStore(engine).frames(camera, now - timedelta(minutes=10), now + timedelta(minutes=1)))


def shown(page: str) -> set[str]:
    """Return the cameras of which the API has a judgement to show."""
    try:
        names: list[str] = [each["name"] for each in asked(f"{page}/api/v1/cameras")["cameras"]]
        return {name for name in names if asked(f"{page}/api/v1/cameras/{name}/latest")["scores"]}
    except OSError:
        return set()


def asked(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)
