"""A worker that dies between storing and committing: what comes again changes nothing, and nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import torch
from sqlalchemy import Engine, select

from domain.cameras import Camera, ConnectionState
from domain.messages import Batch, BatchResult
from domain.ports import StreamConsumer
from domain.verdict_time import Cut, TimeState, VerdictSpan
from evaluation.policy import Policy
from storage.live.memory_live_state import MemoryLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine, read_transaction
from storage.sql.database.migrate import upgrade_schema
from storage.sql.report_store import SqlReportStore
from storage.sql.schema import tables
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.fakes.ports import START, FakeClock
from tests.unit.workers.builders import broken, detector_set, frame, status
from transport.embedded import EmbeddedQueue
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores


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
        stores=WorkerStores(SqlStreamStore(engine), SqlScoreStore(engine), SqlAlertStore(engine)),
        live=MemoryLiveState(),
        scorer=FrameScorer(detector_set(), torch.device("cpu")),
        policy=Policy.for_clips(),
        clock=FakeClock(),
        poll=PollLimits(timeout_s=0.0),
    )


def kill(unit: Batch) -> None:
    raise SystemExit("killed")


def test_a_unit_stored_but_not_committed_is_stored_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = EmbeddedQueue()
    for message in (status(), frame(sequence=0), frame(sequence=1), broken(sequence=2), frame(sequence=3)):
        queue.publisher().publish(message)
    dying = queue.consumer()

    monkeypatch.setattr(dying, "commit", kill)
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


@pytest.mark.parametrize("seed", range(6))
def test_time_in_each_state_is_the_same_however_often_the_worker_dies(
    engine: Engine, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first time stored to the last observation each second is written down once, without a gap."""
    chance = Random(seed)
    queue = EmbeddedQueue()
    dying = worker(engine, queue.consumer())
    for second in range(60):
        queue.publisher().publish(replace(status(after_s=second), state=ConnectionState.LIVE))
        queue.publisher().publish(frame(sequence=second, at=START + timedelta(seconds=second)))
        if chance.random() < 0.3:
            consumer = queue.consumer()
            dying = worker(engine, consumer)
            with monkeypatch.context() as patch:
                patch.setattr(consumer, "commit", kill)
                with pytest.raises(SystemExit):
                    dying.run_once()
            dying = worker(engine, queue.consumer())
        dying.run_once()

    cut = Cut(0, "gate", START - timedelta(hours=1), START + timedelta(hours=1))
    found = {(each.state, each.cause): each.duration for each in SqlReportStore(engine).time_in_states([cut])}
    with read_transaction(engine) as connection:
        table = tables.verdict_time
        rows = connection.execute(select(table.c.began_at, table.c.ended_at).order_by(table.c.began_at)).all()
    assert all(one.ended_at == other.began_at for one, other in pairwise(rows))
    assert rows[0].began_at - START <= timedelta(seconds=8)
    assert sum(found.values(), timedelta()) == rows[-1].ended_at - rows[0].began_at
    assert rows[-1].ended_at == START + timedelta(seconds=59)
    before = SqlReportStore(engine).time_in_states([cut])
    again = BatchResult(spans=(VerdictSpan("gate", START, START + timedelta(seconds=59), TimeState.FAULT, "blur"),))
    SqlScoreStore(engine).add(again)
    assert SqlReportStore(engine).time_in_states([cut]) == before
