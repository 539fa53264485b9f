"""Workers too slow for their cameras, on real Kafka and Postgres: what is dropped is counted, and nothing is silent."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import kafka
import pytest
import torch
from kafka.structs import TopicPartition
from sqlalchemy import Engine, create_engine, make_url, text

from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import StreamMessage
from evaluation.policy import Policy
from evaluation.verdict_time import UNSCORED
from storage.sql.alert_store import SqlAlertStore
from storage.sql.camera_leases import SqlCameraLeases
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests import services
from tests.fakes.live_state import FakeLiveState
from tests.fakes.ports import START, FakeClock
from tests.unit.workers.builders import detector_set, frame, status
from transport.kafka.clients import KafkaConsumer, KafkaPublisher
from transport.kafka.topics import KafkaSettings, prepare_topics
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.load_shedding import LagLimits
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

UNTIL = START + timedelta(days=1)
SECONDS = 120
BOUNDS = LagLimits(60, 15)


@dataclass
class LateWorker:
    """A worker whose messages wait in Kafka since before it started."""

    engine: Engine
    broker: KafkaSettings
    clock: FakeClock
    live: FakeLiveState
    leases: SqlCameraLeases
    opened: list[KafkaConsumer]

    def worker(self, shedding: LagLimits | None = BOUNDS) -> ScoringWorker:
        self.opened.append(KafkaConsumer(self.broker))
        return ScoringWorker(
            consumer=self.opened[-1],
            stores=WorkerStores(
                SqlStreamStore(self.engine), SqlScoreStore(self.engine), SqlAlertStore(self.engine), self.leases
            ),
            live=self.live,
            scorer=FrameScorer(detector_set(), torch.device("cpu")),
            policy=Policy.for_clips(),
            clock=self.clock,
            poll=PollLimits(max_messages=16, timeout_s=0.1),
            shedding=shedding,
        )

    def publish(self, messages: list[StreamMessage]) -> None:
        publisher = KafkaPublisher(self.broker)
        for message in messages:
            wait_until(lambda message=message: publisher.publish(message), "a message was taken")  # type: ignore[misc]
        publisher.close()


@pytest.fixture
def late(kafka_broker: services.Service, postgres_url: str) -> Iterator[LateWorker]:
    name = f"late_{secrets.token_hex(4)}"
    server = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    engine = open_engine(
        make_url(postgres_url).set(database=name).render_as_string(hide_password=False), busy_timeout_s=60
    )
    upgrade_schema(engine)
    SqlStreamStore(engine).put_camera(Camera("gate", "rtsp://h/gate"), by="test", at=START)
    broker = KafkaSettings((kafka_broker.address,), topic=name, group=name, partitions=1)
    prepare_topics(broker, FakeClock())
    found = LateWorker(engine, broker, FakeClock(), FakeLiveState(), SqlCameraLeases(engine), [])
    yield found
    for consumer in found.opened:
        consumer.close()
    engine.dispose()


def wait_until(condition: Callable[[], bool], what: str, *, patience_s: float = 60.0) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"in {patience_s:.0f} s it was not so that {what}"


def make_one_a_second(count: int, *, token: int = 0) -> list[StreamMessage]:
    messages: list[StreamMessage] = []
    for n in range(count):
        picture, said = frame(sequence=n), status(sequence=n, after_s=n + 0.5)
        messages += [replace(picture, ref=replace(picture.ref, token=token)), replace(said, token=token)]
    return messages


def test_a_backlog_beyond_the_bound_loses_its_oldest_frames_counted_and_said(late: LateWorker) -> None:
    late.publish(make_one_a_second(SECONDS))
    late.clock.advance(SECONDS)
    worker = late.worker()
    behind: list[tuple[float, str]] = []
    unscored: set[str] = set()

    def judged_all() -> bool:
        worker.run_once()
        behind.append((worker.lag_s, worker.health()))
        for snapshot in late.live.all().values():
            unscored.update(each.reason for each in snapshot.verdicts if each.fault is Fault.BLUR)
        counters = worker.counters
        return counters.frames_dropped + counters.frames_scored == SECONDS

    wait_until(judged_all, "every frame was judged or dropped")

    stored = [row.ref.sequence for row in SqlScoreStore(late.engine).frames("gate", START, UNTIL)]
    (session,) = SqlStreamStore(late.engine).sessions("gate")
    assert stored == list(range(SECONDS - len(stored), SECONDS)), "only the oldest are dropped"
    assert 0 < len(stored) < SECONDS / 2
    assert session.frames_offered == SECONDS == len(stored) + session.frames_dropped
    assert max(behind)[0] > 60
    assert any("frames are dropped" in reason for _, reason in behind)
    assert behind[-1][1] == ""
    assert UNSCORED in unscored


def test_a_worker_that_takes_over_a_dropped_unit_counts_none_twice(late: LateWorker) -> None:
    late.publish(make_one_a_second(SECONDS))
    late.clock.advance(SECONDS)
    first = late.worker()
    consumer = late.opened[0]
    consumer.commit = lambda batch: None  # type: ignore[method-assign]  # it dies before it commits
    wait_until(lambda: first.run_once() > 0, "a unit was dropped and stored")
    assert first.counters.frames_dropped > 0
    consumer.close()
    late.opened.clear()
    second = late.worker(shedding=None)  # the next one drops nothing more

    def judged_all() -> bool:
        second.run_once()
        return second.counters.frames_scored + first.counters.frames_dropped == SECONDS

    wait_until(judged_all, "every frame was judged or had been dropped")
    (session,) = SqlStreamStore(late.engine).sessions("gate")
    stored = SqlScoreStore(late.engine).frames("gate", START, UNTIL)
    assert session.frames_dropped == first.counters.frames_dropped
    assert session.frames_offered == SECONDS == len(stored) + session.frames_dropped


def test_frames_wait_for_postgres_longer_than_the_lease_and_are_stored_under_their_token(late: LateWorker) -> None:
    token = late.leases.acquire("gate", "north", now=START, ttl_s=30)
    assert token is not None
    late.publish(make_one_a_second(10, token=token))
    late.clock.advance(45)
    assert late.leases.acquire("gate", "north", now=late.clock.now(), ttl_s=30) == token
    worker = late.worker()

    def judged_all() -> bool:
        worker.run_once()
        return worker.counters.frames_scored == 10

    wait_until(judged_all, "every frame was judged")
    assert len(SqlScoreStore(late.engine).frames("gate", START, UNTIL)) == 10
    assert SqlScoreStore(late.engine).dead_letters() == []


def test_frames_of_an_overtaken_process_go_to_the_dead_letters_and_are_counted(late: LateWorker) -> None:
    old = late.leases.acquire("gate", "north", now=START, ttl_s=30)
    new = late.leases.acquire("gate", "south", now=START + timedelta(seconds=31), ttl_s=30)
    assert (old, new) == (1, 2)
    late.publish([*make_one_a_second(3, token=1), replace(status("gate", 3, after_s=4), token=2)])
    worker = late.worker()

    def refused_all() -> bool:
        worker.run_once()
        return worker.counters.frames_refused == 3

    wait_until(refused_all, "three frames were refused")
    letters = SqlScoreStore(late.engine).dead_letters()
    assert sorted(letter.sequence for letter in letters) == [0, 1, 2]
    assert {letter.reason for letter in letters} == {"read by an ingest process that no longer holds the camera"}
    assert SqlScoreStore(late.engine).frames("gate", START, UNTIL) == []


def test_messages_that_kafka_deleted_unread_are_counted(late: LateWorker) -> None:
    late.publish(make_one_a_second(4))
    consumer = KafkaConsumer(late.broker)
    late.opened.append(consumer)
    read = 0

    def read_all() -> bool:
        nonlocal read
        read += _poll_and_commit(consumer)
        return read == 8

    wait_until(read_all, "the first messages came")
    late.publish(make_one_a_second(30)[8:])
    administration = kafka.KafkaAdminClient(bootstrap_servers=late.broker.servers)
    administration.delete_records({TopicPartition(late.broker.topic, 0): 20})
    administration.close()
    wait_until(lambda: bool(_poll_and_commit(consumer)), "the next unit came")
    assert consumer.count_expired() == 20 - 8


def _poll_and_commit(consumer: KafkaConsumer) -> int:
    unit = consumer.poll(8, 0.2)
    if unit.deliveries:
        consumer.commit(unit)
    return len(unit.deliveries)
