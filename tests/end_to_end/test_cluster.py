"""One recording judged twice, embedded and through Kafka, Postgres and Redis: the answers are the same."""

import math
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
import torch
from sqlalchemy import Engine, create_engine, make_url, text

from detectors import registry
from domain.cameras import Camera
from domain.ports import LiveState, StreamConsumer, StreamPublisher
from evaluation.policy import Policy
from storage.live.memory_live_state import MemoryLiveState
from storage.live.redis_live_state import RedisLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests import services
from tests.end_to_end.recorded_messages import CAMERAS, SECONDS, record_messages
from tests.fakes.ports import START, FakeClock
from transport.codec import PictureCodec
from transport.embedded import EmbeddedQueue
from transport.kafka.clients import KafkaConsumer, KafkaPublisher
from transport.kafka.topics import KafkaSettings, prepare_topics
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores

pytestmark = pytest.mark.slow

UNTIL = START + timedelta(hours=1)
TOLERANCE = 1e-5
"""Relative and absolute: a batch of another size may add single-precision numbers in another order."""


@dataclass(frozen=True)
class Setup:
    """One way of running: where it stores, what carries messages, what holds the present."""

    engine: Engine
    publisher: StreamPublisher
    consumer: StreamConsumer
    live: LiveState


def judged(setup: Setup) -> None:
    """Send the recording through and judge it until nothing waits."""
    streams = SqlStreamStore(setup.engine)
    for name in CAMERAS:
        streams.put_camera(Camera(name, f"rtsp://10.0.0.7/{name}"), by="test", at=START)
    worker = ScoringWorker(
        consumer=setup.consumer,
        stores=WorkerStores(streams, SqlScoreStore(setup.engine), SqlAlertStore(setup.engine)),
        live=setup.live,
        scorer=FrameScorer(registry.build_detectors(), torch.device("cpu")),
        policy=Policy.for_clips(),
        clock=FakeClock(),
        poll=PollLimits(timeout_s=0.1),
    )
    messages = record_messages()
    deadline = time.monotonic() + 240
    left = len(messages)
    waiting = iter(messages)
    following = next(waiting, None)
    while left:
        assert time.monotonic() < deadline, f"{left} messages were not judged"
        while following is not None and setup.publisher.publish(following):
            following = next(waiting, None)
        left -= worker.run_once()


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('embedded') / 'sightline.db'}")
    upgrade_schema(engine)
    queue = EmbeddedQueue(max_frames=16)
    setup = Setup(engine, queue.publisher(), queue.consumer(), MemoryLiveState(ttl_s=600))
    judged(setup)
    yield setup
    engine.dispose()


@pytest.fixture(scope="module")
def cluster(kafka_broker: services.Service, postgres_url: str, redis_server: services.Service) -> Iterator[Setup]:
    name = f"replay_{secrets.token_hex(4)}"
    server = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    engine = open_engine(
        make_url(postgres_url).set(database=name).render_as_string(hide_password=False), busy_timeout_s=60
    )
    upgrade_schema(engine)
    settings = KafkaSettings((kafka_broker.address,), topic=name, group=name, partitions=3)
    prepare_topics(settings, FakeClock())
    publisher, consumer = KafkaPublisher(settings), KafkaConsumer(settings)
    live = RedisLiveState(redis_server.address, ttl_s=600, pictures=PictureCodec(), prefix=name)
    setup = Setup(engine, publisher, consumer, live)
    judged(setup)
    yield setup
    publisher.close()
    consumer.close()
    live.close()
    engine.dispose()


def same_of_both(embedded: Setup, cluster: Setup, read: Callable[[Setup, str], Sequence[object]]) -> None:
    expected = {name: list(read(embedded, name)) for name in CAMERAS}
    assert any(expected.values())
    assert {name: list(read(cluster, name)) for name in CAMERAS} == expected


def test_the_recording_leads_to_alerts_at_all(embedded: Setup) -> None:
    told = [(each.stream_id, str(each.headline)) for each in SqlAlertStore(embedded.engine).incidents()]
    assert sorted(told) == [("dock", "signal_loss"), ("gate", "black")]


def test_every_frame_has_the_same_scores(embedded: Setup, cluster: Setup) -> None:
    for name in CAMERAS:
        ours, theirs = (SqlScoreStore(each.engine).frames(name, START, UNTIL) for each in (embedded, cluster))
        assert [row.ref for row in ours] == [row.ref for row in theirs]
        assert len(ours) == (SECONDS // 2 if name == "dock" else SECONDS)
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.values.keys() == other.values.keys()
            assert mine.missing == other.missing
            for metric, value in mine.values.items():
                same = math.isclose(value, other.values[metric], rel_tol=TOLERANCE, abs_tol=TOLERANCE)
                assert same, f"{name} {mine.ref.sequence} {metric}: {value} and {other.values[metric]}"


def test_verdicts_change_in_the_same_order_at_the_same_time(embedded: Setup, cluster: Setup) -> None:
    same_of_both(
        embedded,
        cluster,
        lambda setup, name: [
            (each.at, each.verdict.fault, each.verdict.state)
            for each in SqlScoreStore(setup.engine).verdict_changes(name, START, UNTIL)
        ],
    )


def test_alerts_take_the_same_steps_in_the_same_order(embedded: Setup, cluster: Setup) -> None:
    same_of_both(
        embedded,
        cluster,
        lambda setup, name: [
            (step.fault, step.session_id, step.sequence, step.from_state, step.to_state, step.at, step.incident_id)
            for step in SqlAlertStore(setup.engine).transitions(name)
        ],
    )


def test_people_get_the_same_messages_under_the_same_keys(embedded: Setup, cluster: Setup) -> None:
    ours, theirs = (
        [(entry.key, entry.kind, entry.incident.headline) for entry in SqlAlertStore(each.engine).due(UNTIL)]
        for each in (embedded, cluster)
    )
    assert ours == theirs
    assert ours


def test_the_present_is_the_same(embedded: Setup, cluster: Setup) -> None:
    ours, theirs = (
        {name: [(each.fault, each.state) for each in snapshot.verdicts] for name, snapshot in setup.live.all().items()}
        for setup in (embedded, cluster)
    )
    assert ours == theirs
    assert set(ours) == set(CAMERAS)
    shown = cluster.live.picture("gate")
    assert shown is not None
    assert not shown.planes[0].any()
