"""Clock steps, restarts and kills in any order: in the end what is of now is stored and judged, nothing was told."""

import random
from datetime import datetime, timedelta

import pytest
import torch
from sqlalchemy import Engine

from domain.alerts import AlertState, IncidentState
from domain.cameras import Camera, ConnectionState, StreamStatus
from evaluation.policy import Policy
from sightline.runtime.clock import HOLD_S, SteadyClock
from storage.live.memory_live_state import MemoryLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.fakes.ports import START
from tests.unit.workers.builders import detector_set, frame
from transport.embedded import EmbeddedConsumer, EmbeddedQueue
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores


class ProcessKilled(BaseException):
    """The process ends here."""


class DyingConsumer:
    """A consumer whose process dies before a commit where it is told to."""

    def __init__(self, consumer: EmbeddedConsumer) -> None:
        self._consumer = consumer
        self.dies = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._consumer, name)

    def commit(self, unit: object) -> None:
        if self.dies:
            raise ProcessKilled
        self._consumer.commit(unit)  # type: ignore[arg-type]


class SimulatedMachine:
    """A machine with a clock that is set, and the embedded system's heart: queue, worker, real database."""

    def __init__(self, database: Engine) -> None:
        self.database = database
        self.wall, self.up_s = START, 1000.0
        self.queue = EmbeddedQueue()
        self.sessions = 0
        SqlStreamStore(database).put_camera(Camera("gate", "rtsp://h/1"), by="test", at=START)
        self.start()

    def now(self) -> datetime:
        return self.wall

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing sleeps here")

    def start(self) -> None:
        self.clock = SteadyClock(self, elapsed=lambda: self.up_s)
        self.store = SqlScoreStore(self.database, clock=self.clock)
        self.live = MemoryLiveState(seconds=lambda: self.up_s)
        self.sessions += 1
        self.sequence = -1
        self.consumer = DyingConsumer(self.queue.consumer())
        clock = self.clock
        self.worker = ScoringWorker(
            consumer=self.consumer,  # type: ignore[arg-type]
            stores=WorkerStores(SqlStreamStore(self.database), self.store, SqlAlertStore(self.database)),
            live=self.live,
            scorer=FrameScorer(detector_set(), torch.device("cpu")),
            policy=Policy.for_clips(),
            clock=clock,
            poll=PollLimits(timeout_s=0.0),
            clock_correction=lambda: clock.total_correction,
        )

    def second(self) -> None:
        self.up_s += 1
        self.wall += timedelta(seconds=1)
        self.sequence += 1
        at, session = self.clock.now(), f"s{self.sessions}"
        publisher = self.queue.publisher()
        assert publisher.publish(frame(sequence=self.sequence, session_id=session, at=at))
        said = StreamStatus("gate", session, self.sequence, at, ConnectionState.LIVE, last_frame_at=at)
        assert publisher.publish(said)
        self.worker.run_once()

    def kill(self) -> None:
        """Die with a unit that is stored and not committed; the queue outlives it, as Kafka would."""
        self.consumer.dies = True
        with pytest.raises(ProcessKilled):
            self.second()
        self.start()

    def idle(self, seconds: float) -> None:
        """Let time go by in which nothing is read but the clock is looked at."""
        for _ in range(round(seconds / 10)):
            self.up_s += 10
            self.wall += timedelta(seconds=10)
            self.clock.now()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(12))
def test_any_history_of_clocks_heals(database: Engine, seed: int) -> None:
    chance = random.Random(seed)
    machine = SimulatedMachine(database)
    for _ in range(14):
        match chance.randrange(6):
            case 0:
                machine.wall += timedelta(days=chance.choice([-400, -30, -1, -0.02, 0.02, 1, 30, 400]))
            case 1:
                machine.wall += timedelta(seconds=chance.uniform(-90, 90))
            case 2:
                machine.start()
            case 3:
                machine.kill()
            case 4:
                machine.idle(chance.choice([20, HOLD_S + 60]))
            case _:
                machine.store.retain(machine.clock.now())
        for _ in range(chance.randrange(8)):
            machine.second()

    machine.wall = START + timedelta(seconds=machine.up_s)  # somebody puts the clock right
    for _ in range(2):
        machine.idle(HOLD_S + 200)
    aside = len(machine.store.dead_letters(limit=10_000))
    first = machine.sequence + 1
    for _ in range(20):
        machine.second()

    now = machine.clock.now()
    assert abs((now - machine.wall).total_seconds()) < 2
    session = f"s{machine.sessions}"
    rows = machine.store.frames("gate", now - timedelta(seconds=60), now + timedelta(seconds=60))
    fresh = [row.ref.sequence for row in rows if row.ref.session_id == session and row.ref.sequence >= first]
    assert fresh == list(range(first, first + 20))
    assert len(machine.store.dead_letters(limit=10_000)) == aside
    snapshot = machine.live.get("gate")
    assert snapshot is not None
    assert abs(snapshot.at - now) < timedelta(seconds=62)
    assert snapshot.status is not None
    assert snapshot.status.sequence == machine.sequence
    assert machine.worker.health() == ""
    streams = SqlStreamStore(database)
    assert {each.session_id: each.frames_offered for each in streams.sessions("gate")}[session] == first + 20
    assert SqlAlertStore(database).due(now + timedelta(hours=2)) == []


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize("back_s", [20, 90, 300, 550, 700])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_camera_that_is_back_after_the_clock_was_set_back_is_no_open_incident(
    database: Engine, back_s: float, restarts: bool
) -> None:
    machine, alerts = SimulatedMachine(database), SqlAlertStore(database)
    machine.second()
    for _ in range(60):
        machine.up_s += 1
        machine.wall += timedelta(seconds=1)
        at, session = machine.clock.now(), f"s{machine.sessions}"
        said = StreamStatus("gate", session, machine.sequence, at, ConnectionState.LOST, "the camera does not answer")
        assert machine.queue.publisher().publish(said)
        machine.worker.run_once()
    assert [each.state for each in alerts.incidents()] == [IncidentState.OPEN]

    machine.wall -= timedelta(seconds=back_s)
    if restarts:
        machine.start()
    else:
        machine.idle(HOLD_S + 20)
    for _ in range(60):
        machine.second()

    assert [each.state for each in alerts.incidents()] == [IncidentState.RESOLVED]
    assert AlertState.FIRING not in {each.state for each in alerts.alerts("gate")}
    (session_row,) = [
        each for each in SqlStreamStore(database).sessions("gate") if each.session_id == f"s{machine.sessions}"
    ]
    assert session_row.frames_offered == machine.sequence + 1
