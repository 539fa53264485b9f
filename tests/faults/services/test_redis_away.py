"""The page and the API over real Redis and Postgres while Redis dies and comes back: never 503, and it is said."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import torch
from sqlalchemy import Engine, create_engine, make_url, text

from api.app import create_app
from api.routes.live_events import SentState, changes_since, read_page_state
from detectors.registry import METRICS
from domain.cameras import Camera
from evaluation.policy import Policy
from storage.live.redis_live_state import PAUSE_S, RedisLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests import services
from tests.fakes.ports import START, FakeClock
from tests.unit.api.conftest import Caller
from tests.unit.workers.builders import detector_set, frame, status
from transport.codec import PictureCodec
from transport.embedded import EmbeddedQueue
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores


@dataclass
class RedisSite:
    """A worker and the API in processes of their own, as far as Redis is concerned: each has its own connection."""

    redis: services.Service
    engine: Engine
    queue: EmbeddedQueue
    clock: FakeClock
    worker: ScoringWorker
    api: Caller
    judged: int = 0

    def judge_one_second(self) -> None:
        """Deliver a frame and a status of now and judge them."""
        self.clock.advance(1)
        publisher = self.queue.publisher()
        publisher.publish(frame(sequence=self.judged, at=self.clock.now()))
        publisher.publish(status(sequence=self.judged, after_s=(self.clock.now() - START).total_seconds()))
        self.worker.run_once()
        self.judged += 1

    def cameras(self) -> Any:
        answer = self.api.get("/api/v1/cameras")
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def site(postgres_url: str) -> Iterator[RedisSite]:
    name = f"away_{secrets.token_hex(4)}"
    server = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    engine = open_engine(
        make_url(postgres_url).set(database=name).render_as_string(hide_password=False), busy_timeout_s=60
    )
    upgrade_schema(engine)
    streams, scores, alerts = SqlStreamStore(engine), SqlScoreStore(engine), SqlAlertStore(engine)
    streams.put_camera(Camera("gate", "rtsp://h/gate"), by="test", at=START)
    queue, clock = EmbeddedQueue(), FakeClock()
    try:
        with services.redis() as redis:
            lives = [
                RedisLiveState(
                    redis.address, timeout_s=0.5, seconds=lambda: clock.now().timestamp(), pictures=PictureCodec()
                )
                for _ in range(2)
            ]
            worker = ScoringWorker(
                consumer=queue.consumer(),
                stores=WorkerStores(streams, scores, alerts),
                live=lives[0],
                scorer=FrameScorer(detector_set(), torch.device("cpu")),
                policy=Policy.for_clips(),
                clock=clock,
                poll=PollLimits(timeout_s=0.0),
            )
            app = create_app(streams, scores, alerts, lives[1], metrics=METRICS, clock=clock)
            yield RedisSite(redis, engine, queue, clock, worker, Caller(app))
            for live in lives:
                live.close()
    except services.ServiceMissing as error:
        services.absent(error)
    finally:
        engine.dispose()


def test_scoring_goes_on_and_the_api_answers_from_postgres_until_redis_is_back(site: RedisSite) -> None:
    site.judge_one_second()
    before = site.cameras()
    assert (before["live"], before["cameras"][0]["state_word"]) == ("", "OK")

    site.redis.kill()
    for _ in range(5):
        site.judge_one_second()

    away = site.cameras()
    assert away["live"] == "live state unavailable, read from the database: Redis cannot be reached"
    (camera,) = away["cameras"]
    assert (camera["state_word"], camera["connection"]) == ("OK", "live")
    assert camera["judged_at"].startswith((START + timedelta(seconds=6)).isoformat()[:19]), (
        "the newest, not the last known"
    )
    assert site.api.get("/api/v1/cameras/gate").status_code == 200
    ready = site.api.get("/readyz")
    assert (ready.status_code, list(ready.json()["degraded"])) == (200, ["live"])
    metrics = site.api.get("/metrics")
    assert metrics.status_code == 200
    assert "sightline_live_up 0.0" in metrics.text
    assert 'sightline_camera_score{camera="gate",metric="luma_mean"}' in metrics.text
    stored = SqlScoreStore(site.engine).frames("gate", START, START + timedelta(minutes=1))
    assert [row.ref.sequence for row in stored] == list(range(6))

    site.redis.start()
    site.clock.advance(PAUSE_S)
    site.judge_one_second()
    back = site.cameras()
    assert (back["live"], back["cameras"][0]["state_word"]) == ("", "OK")
    assert site.api.get("/readyz").json()["degraded"] == {}
    assert "sightline_live_up 1.0" in site.api.get("/metrics").text


def test_the_live_stream_of_the_page_says_it_too(site: RedisSite) -> None:
    site.judge_one_second()
    shown, backend = SentState(), site.api.app.state.backend
    assert changes_since(read_page_state(backend), shown).live == ""
    site.redis.kill()
    assert changes_since(read_page_state(backend), shown).live.startswith(
        "live state unavailable, read from the database"
    )
    site.redis.start()
    site.clock.advance(PAUSE_S)
    site.judge_one_second()
    assert changes_since(read_page_state(backend), shown).live == ""
