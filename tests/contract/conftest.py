"""Every adapter of a port, by name; a contract test takes one of these fixtures and runs once for each."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import kafka
import pytest
import redis
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from domain.ports import AlertStore, LiveState, ScoreStore, StreamConsumer, StreamPublisher, StreamStore
from storage.live.memory_live_state import MemoryLiveState
from storage.live.redis_live_state import RedisLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import newest_revision, upgrade_schema
from storage.sql.schema.tables import metadata
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests import services
from tests.fakes.live_state import FakeLiveState
from tests.fakes.ports import FakeAlertStore, FakeClock, FakeScoreStore, FakeStreamStore
from transport.codec import PictureCodec
from transport.embedded import EmbeddedQueue
from transport.kafka.clients import KafkaConsumer, KafkaPublisher
from transport.kafka.topics import KafkaSettings, prepare_topics


@dataclass(frozen=True)
class PortStores:
    """Every store over one database."""

    streams: StreamStore
    scores: ScoreStore
    alerts: AlertStore


class Transport(Protocol):
    """Both ends of one transport."""

    def publisher(self) -> StreamPublisher: ...

    def consumer(self) -> StreamConsumer:
        """Return the group's one consumer; it takes over from the one before."""
        ...

    def put_aside(self) -> list[tuple[str, int, str]]:
        """Return (stream, sequence, reason) of each dead letter."""
        ...


@dataclass(frozen=True)
class Live:
    """A live state and the passing of its time to live."""

    state: LiveState
    expire: Callable[[], None]


@pytest.fixture(scope="session")
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """Give one database at the newest schema, this process's own; each test finds it emptied."""
    name = f"sightline_test_{secrets.token_hex(6)}"
    _administer(postgres_url, f"CREATE DATABASE {name}")
    engine = open_engine(
        make_url(postgres_url).set(database=name).render_as_string(hide_password=False), busy_timeout_s=60
    )
    upgrade_schema(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Engine]]:
    """Make an empty database of a kind, at the newest schema."""
    engines: list[Engine] = []

    def made(kind: str) -> Engine:
        if kind == "postgres":
            engine: Engine = request.getfixturevalue("postgres_engine")
            _empty(engine)
            return engine
        engine = open_engine(f"sqlite:///{tmp_path / 'sightline.db'}")
        upgrade_schema(engine)
        engines.append(engine)
        return engine

    yield made
    for engine in engines:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, new_database: Callable[[str], Engine]) -> Engine:
    return new_database(request.param)


@pytest.fixture(params=["sqlite", "postgres", "fake"])
def stores(request: pytest.FixtureRequest, new_database: Callable[[str], Engine]) -> PortStores:
    if request.param == "fake":
        streams = FakeStreamStore()
        scores = FakeScoreStore(streams)
        return PortStores(streams, scores, FakeAlertStore(scores, streams))
    engine = new_database(request.param)
    return PortStores(SqlStreamStore(engine), SqlScoreStore(engine), SqlAlertStore(engine))


class EmbeddedTransport:
    def __init__(self) -> None:
        self._queue = EmbeddedQueue()

    def publisher(self) -> StreamPublisher:
        return self._queue.publisher()

    def consumer(self) -> StreamConsumer:
        return self._queue.consumer()

    def put_aside(self) -> list[tuple[str, int, str]]:
        return [(letter.stream_id, letter.sequence, letter.reason) for letter in self._queue.dead_letters()]


class KafkaTransport:
    """A topic and a group of its own on a shared broker."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._opened: list[KafkaConsumer] = []
        prepare_topics(settings, FakeClock())

    def publisher(self) -> StreamPublisher:
        return KafkaPublisher(self._settings)

    def consumer(self) -> StreamConsumer:
        self._opened.append(KafkaConsumer(self._settings))
        return self._opened[-1]

    def put_aside(self) -> list[tuple[str, int, str]]:
        topic = self._settings.dead_letter_topic
        reader = kafka.KafkaConsumer(topic, bootstrap_servers=self._settings.servers, auto_offset_reset="earliest")
        records = [record for batch in reader.poll(timeout_ms=20_000).values() for record in batch]
        reader.close()
        letters = [json.loads(record.value) for record in records]
        return [(letter["stream_id"], letter["sequence"], letter["reason"]) for letter in letters]

    def close(self) -> None:
        for consumer in self._opened:
            consumer.close()


@pytest.fixture(params=["embedded", "kafka"])
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    if request.param == "embedded":
        yield EmbeddedTransport()
        return
    broker: services.Service = request.getfixturevalue("kafka_broker")
    name = f"test.{secrets.token_hex(6)}"
    over_kafka = KafkaTransport(KafkaSettings((broker.address,), topic=name, group=name, partitions=3))
    yield over_kafka
    over_kafka.close()


@pytest.fixture(params=["memory", "fake", "redis"])
def live(request: pytest.FixtureRequest) -> Iterator[Live]:
    if request.param == "fake":
        fake = FakeLiveState()
        yield Live(fake, fake.expire)
    elif request.param == "memory":
        clock = FakeClock()
        state = MemoryLiveState(ttl_s=15, seconds=lambda: clock.now().timestamp())
        yield Live(state, lambda: clock.advance(16))
    else:
        server: services.Service = request.getfixturevalue("redis_server")
        prefix = f"test-{secrets.token_hex(6)}"
        shared = RedisLiveState(server.address, ttl_s=30, pictures=PictureCodec(), prefix=prefix)
        yield Live(shared, lambda: _expire_now(server.address, prefix))
        shared.close()


def _expire_now(address: str, prefix: str) -> None:
    """Let every key of ours reach its time to live; one without would stay, and the test that asks would fail."""
    client = redis.Redis.from_url(address)
    for key in client.scan_iter(f"{prefix}*"):
        if client.pttl(key) > 0:
            client.pexpire(key, 1)
    deadline = time.monotonic() + 10
    while any(client.pttl(key) >= 0 for key in client.scan_iter(f"{prefix}*")) and time.monotonic() < deadline:
        pass
    client.close()


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        partitions = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'frames'::regclass"
        for name in connection.execute(text(partitions)).scalars().all():
            connection.execute(text(f"DROP TABLE {name}"))
        _set_triggers(connection, "DISABLE")
        connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY"))
        _set_triggers(connection, "ENABLE")
        connection.execute(text("INSERT INTO counters VALUES ('cameras', 0)"))
        connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest_revision()})


def _set_triggers(connection: Connection, to: str) -> None:
    """Let the owner of the tables empty the logs, which refuse it."""
    for table in ("audit", "incident_log", "camera_changes"):
        connection.execute(text(f"ALTER TABLE {table} {to} TRIGGER USER"))


def _administer(url: str, *statements: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
