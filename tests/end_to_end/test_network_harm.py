"""The ways from a worker to Postgres and Redis cut, delayed, half open and one way: nothing is lost or doubled."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bench.cluster.crew import crew
from bench.cluster.feed import Feed, cameras_apart, feeding
from bench.cluster.ledger import broken, read
from bench.cluster.rounds import PARTITIONS, workplace
from bench.cluster.script import Part
from bench.cluster.stage import Stage
from bench.endurance.rows import find_received
from bench.endurance.tcp_proxy import Mode, TcpProxy, tcp_proxy
from storage.engine import open_engine
from tests.services import Service
from transport.kafka import KafkaPublisher

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

HARMS = (
    ("postgres", Mode.HALF_OPEN),
    ("redis", Mode.CUT),
    ("postgres", Mode.ONE_WAY),
    ("postgres", Mode.DELAY),
)
LASTS_S = 1.0
PATIENCE_S = 120.0


def test_every_frame_that_the_broker_took_is_stored_once_however_the_network_behaves(
    kafka_broker: Service, postgres_url: str, redis_server: Service, tmp_path: Path
) -> None:
    parts = [Part(name) for name in cameras_apart(2, PARTITIONS)]
    names = {part.camera for part in parts}
    with ExitStack() as stack:
        setup = stack.enter_context(
            workplace(Stage(kafka_broker, Service(postgres_url), redis_server), sorted(names), room=1024)
        )
        links: dict[str, TcpProxy] = {}
        moved = {}
        for service, address in (("postgres", setup.database), ("redis", setup.redis)):
            place = address.rpartition("@")[2].removeprefix("redis://").partition("/")[0]
            links[service] = stack.enter_context(tcp_proxy(target=place))
            moved[service] = address.replace(place, f"127.0.0.1:{links[service].port}")
        proxied = replace(setup, database=moved["postgres"], redis=moved["redis"])
        team = stack.enter_context(crew(proxied, 1, tmp_path))
        engine = open_engine(setup.database)
        stack.callback(engine.dispose)
        publisher = KafkaPublisher(setup.kafka())
        with feeding(publisher, Feed(publisher, parts)) as feed:
            began_at = datetime.now(UTC)

            def is_judged() -> bool:
                since = datetime.now(UTC)
                return _until(lambda: _stored_since(engine, since) >= names)

            assert is_judged(), team.said(0)
            for service, mode in HARMS:
                links[service].set_mode(mode)
                time.sleep(LASTS_S)
                links[service].set_mode(Mode.PASS)
                assert is_judged(), f"{service} {mode}: {team.said(0)}"
        assert _until(lambda: feed.accepted <= read(engine).frames.keys())
        assert broken(feed.accepted, read(engine), parts, began_at) == []
        assert publisher.lost() == 0
        assert feed.failure == ""
        assert [*team.ended(), *team.stop()] == []


def _stored_since(engine: Engine, since: datetime) -> set[str]:
    return {camera for camera, _, _ in find_received(engine, [(since, since + timedelta(minutes=10))])}


def _until(seen: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
