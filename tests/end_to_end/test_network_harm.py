"""The ways from a worker to Postgres and Redis cut, delayed, half open and one way: nothing is lost or doubled."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lab.bench.cluster.camera_feed import CameraFeed, run_feed, spread_cameras
from lab.bench.cluster.chaos.chaos_round import PARTITIONS, prepare_cluster
from lab.bench.cluster.chaos.delivery_audit import find_broken_promises, read_rows
from lab.bench.cluster.environment import ClusterServices
from lab.bench.cluster.scenario import CameraScenario
from lab.bench.cluster.worker_pool import start_workers
from lab.bench.endurance.stored_results import find_received
from lab.bench.endurance.tcp_proxy import ProxyMode, TcpProxy, tcp_proxy
from storage.sql.database.engine import open_engine
from tests.services import Service
from transport.kafka.clients import KafkaPublisher

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

HARMS = (
    ("postgres", ProxyMode.HALF_OPEN),
    ("redis", ProxyMode.CUT),
    ("postgres", ProxyMode.ONE_WAY),
    ("postgres", ProxyMode.DELAY),
)
LASTS_S = 1.0
PATIENCE_S = 120.0


def test_every_frame_that_the_broker_took_is_stored_once_however_the_network_behaves(
    kafka_broker: Service, postgres_url: str, redis_server: Service, tmp_path: Path
) -> None:
    parts = [CameraScenario(name) for name in spread_cameras(2, PARTITIONS)]
    names = {part.camera for part in parts}
    with ExitStack() as stack:
        setup = stack.enter_context(
            prepare_cluster(
                ClusterServices(kafka_broker, Service(postgres_url), redis_server), sorted(names), room=1024
            )
        )
        links: dict[str, TcpProxy] = {}
        moved = {}
        for service, address in (("postgres", setup.database), ("redis", setup.redis)):
            place = address.rpartition("@")[2].removeprefix("redis://").partition("/")[0]
            links[service] = stack.enter_context(tcp_proxy(target=place))
            moved[service] = address.replace(place, f"127.0.0.1:{links[service].port}")
        proxied = replace(setup, database=moved["postgres"], redis=moved["redis"])
        team = stack.enter_context(start_workers(proxied, 1, tmp_path))
        engine = open_engine(setup.database)
        stack.callback(engine.dispose)
        publisher = KafkaPublisher(setup.kafka())
        with run_feed(publisher, CameraFeed(publisher, parts)) as feed:
            began_at = datetime.now(UTC)

            def is_judged() -> bool:
                since = datetime.now(UTC)
                return _until(lambda: _cameras_stored_since(engine, since) >= names)

            assert is_judged(), team.log_tail(0)
            for service, mode in HARMS:
                links[service].set_mode(mode)
                time.sleep(LASTS_S)
                links[service].set_mode(ProxyMode.PASS)
                assert is_judged(), f"{service} {mode}: {team.log_tail(0)}"
        assert _until(lambda: feed.accepted <= read_rows(engine).frames.keys())
        assert find_broken_promises(feed.accepted, read_rows(engine), parts, began_at) == []
        assert publisher.count_lost() == 0
        assert feed.failure == ""
        assert [*team.dead_workers(), *team.stop()] == []


def _cameras_stored_since(engine: Engine, since: datetime) -> set[str]:
    return {camera for camera, _, _ in find_received(engine, [(since, since + timedelta(minutes=10))])}


def _until(seen: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
