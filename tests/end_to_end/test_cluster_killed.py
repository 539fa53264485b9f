"""A worker killed at each named point of a unit: the next one goes on, and nothing is lost, doubled or told twice."""

import secrets
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from domain.alerts import NotificationKind
from domain.cameras import Camera
from domain.frames import Frame
from lab.bench.cluster.worker_process import POINTS
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests import services
from tests.end_to_end.dying_worker import settings, worker
from tests.end_to_end.recorded_messages import CAMERAS, record_messages
from tests.fakes.ports import START, FakeClock
from transport.kafka.clients import KafkaConsumer, KafkaPublisher
from transport.kafka.topics import prepare_topics

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
UNTIL = START + timedelta(hours=1)


def new_database(postgres_url: str, name: str) -> str:
    server = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_when_its_unit_is(point: str, kafka_broker: services.Service, postgres_url: str) -> None:
    name = f"killed_{point}_{secrets.token_hex(4)}"
    url = new_database(postgres_url, name)
    engine = open_engine(url, busy_timeout_s=60)
    upgrade_schema(engine)
    for camera in CAMERAS:
        SqlStreamStore(engine).put_camera(Camera(camera, f"rtsp://10.0.0.7/{camera}"), by="test", at=START)
    kafka = settings(kafka_broker.address, name)
    prepare_topics(kafka, FakeClock())
    messages = record_messages()
    publisher = KafkaPublisher(kafka)
    for message in messages:
        while not publisher.publish(message):
            publisher.wait(0.1)
    publisher.close()

    killed = subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.dying_worker", point, kafka_broker.address, name, url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]

    store = SqlScoreStore(engine)
    expected = {(each.ref.stream_id, each.ref.sequence) for each in messages if isinstance(each, Frame)}

    def stored() -> list[tuple[str, int]]:
        return [(camera, row.ref.sequence) for camera in CAMERAS for row in store.frames(camera, START, UNTIL)]

    before = stored()
    assert before, "the first unit was stored before the second died"
    consumer = KafkaConsumer(kafka)
    following = worker(consumer, store, url)
    deadline = time.monotonic() + 180
    quiet = 0
    while quiet < 3:
        assert time.monotonic() < deadline, f"{len(expected) - len(stored())} frames were not stored"
        quiet = quiet + 1 if following.run_once() == 0 and set(stored()) == expected else 0
    consumer.close()

    found = stored()
    assert len(found) == len(set(found)) == len(expected)
    alerts = SqlAlertStore(engine)
    assert sorted((each.stream_id, str(each.headline)) for each in alerts.incidents()) == [
        ("dock", "signal_loss"),
        ("gate", "black"),
    ]
    firing = [entry.incident.stream_id for entry in alerts.due(UNTIL) if entry.kind is NotificationKind.FIRING]
    assert sorted(firing) == ["dock", "gate"]
    engine.dispose()
