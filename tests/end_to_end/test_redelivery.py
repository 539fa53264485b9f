"""A worker that dies between storing and committing: what comes again changes nothing, and nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from sqlalchemy import Engine

from domain.cameras import Camera, ConnectionState
from domain.messages import Batch
from domain.ports import StreamConsumer
from evaluation.policy import Policy
from storage.live.memory_live_state import MemoryLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.fakes.ports import START, FakeClock
from tests.unit.workers.builders import broken, detector_set, frame, status
from transport.embedded import EmbeddedQueue
from workers.scoring_worker import PollLimits, ScoringWorker


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path}/s.db")
    upgrade_schema(engine)
    SqlStreamStore(engine).put_camera(Camera("gate", "rtsp://h/1"), by="test", at=START)
    yield engine
    engine.dispose()


def worker(engine: Engine, consumer: StreamConsumer) -> ScoringWorker:
    return ScoringWorker(
        consumer=consumer,
        detectors=detector_set(),
        score_store=SqlScoreStore(engine),
        alert_store=SqlAlertStore(engine),
        stream_store=SqlStreamStore(engine),
        live=MemoryLiveState(),
        policy=Policy.for_clips(),
        clock=FakeClock(),
        device=torch.device("cpu"),
        poll=PollLimits(timeout_s=0.0),
    )


def test_a_unit_stored_but_not_committed_is_stored_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = EmbeddedQueue()
    for message in (status(), frame(sequence=0), frame(sequence=1), broken(sequence=2), frame(sequence=3)):
        queue.publisher().publish(message)
    dying = queue.consumer()

    def killed(unit: Batch) -> None:
        raise SystemExit("killed")

    monkeypatch.setattr(dying, "commit", killed)
    with pytest.raises(SystemExit):
        worker(engine, dying).run_once()

    assert worker(engine, queue.consumer()).run_once() == 5

    store = SqlScoreStore(engine)
    rows = store.frames("gate", START, START + timedelta(hours=1))
    assert [row.ref.sequence for row in rows] == [0, 1, 3]
    assert [letter.sequence for letter in store.dead_letters()] == [2]
    assert queue.count_waiting() == 0


def test_alerts_and_incidents_go_on_after_a_restart_under_the_same_name(engine: Engine) -> None:
    queue = EmbeddedQueue()

    def lost(first: int, last: int) -> None:
        for second in range(first, last):
            queue.publisher().publish(replace(status(after_s=second), state=ConnectionState.LOST, reason="cut"))

    lost(0, 12)
    worker(engine, queue.consumer()).run_once()
    (before,) = SqlAlertStore(engine).incidents(stream_id="gate")
    lost(12, 20)
    worker(engine, queue.consumer()).run_once()
    (after,) = SqlAlertStore(engine).incidents(stream_id="gate")

    assert before.incident_id == after.incident_id
    assert len(SqlAlertStore(engine).due(START + timedelta(hours=1))) == 1
