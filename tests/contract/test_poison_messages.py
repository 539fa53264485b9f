"""A message that nobody can judge or store is put aside alone: its neighbours are stored, its stream goes on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import torch
from sqlalchemy import Engine

from domain.cameras import Camera, StreamCounters
from domain.messages import StreamMessage
from evaluation.policy import Policy
from storage.live.memory_live_state import MemoryLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.fakes.ports import START, FakeClock
from tests.unit.workers.builders import detector_set, frame, status
from transport.embedded import EmbeddedQueue
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores
from workers.store_retry import StoreRetry

YEARS_ON = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


@dataclass
class WatchedWorker:
    """A worker over a real database."""

    queue: EmbeddedQueue
    scores: SqlScoreStore
    streams: SqlStreamStore
    clock: FakeClock
    worker: ScoringWorker

    new_worker: Callable[[], ScoringWorker]

    def start_again(self) -> None:
        self.worker = self.new_worker()

    def publish(self, *messages: StreamMessage) -> None:
        for message in messages:
            assert self.queue.publisher().publish(message)

    def stored(self, stream_id: str = "gate") -> list[int]:
        rows = self.scores.frames(stream_id, START - timedelta(hours=1), START + timedelta(hours=1))
        return [row.ref.sequence for row in rows]


@pytest.fixture
def watch(database: Engine) -> WatchedWorker:
    queue, clock = EmbeddedQueue(), FakeClock()
    scores, streams = SqlScoreStore(database, clock=clock), SqlStreamStore(database)
    for name in ("gate", "yard"):
        streams.put_camera(Camera(name, f"rtsp://h/{name}"), by="test", at=START)

    def impatient(*_: object) -> bool:
        raise AssertionError("the store is there: nothing is waited for")

    def new_worker() -> ScoringWorker:
        return ScoringWorker(
            consumer=queue.consumer(),
            stores=WorkerStores(streams, scores, SqlAlertStore(database)),
            live=MemoryLiveState(),
            scorer=FrameScorer(detector_set(), torch.device("cpu")),
            policy=Policy.for_clips(),
            clock=clock,
            poll=PollLimits(timeout_s=0.0),
            store_retry=StoreRetry(wait=impatient),
        )

    return WatchedWorker(queue, scores, streams, clock, new_worker(), new_worker)


def rename_stream(**changes: object) -> StreamMessage:
    return replace(frame(sequence=3), ref=replace(frame(sequence=3).ref, **changes))  # type: ignore[arg-type]


def set_reason(**changes: object) -> StreamMessage:
    return replace(status(sequence=2, after_s=2.5), **changes)  # type: ignore[arg-type]


POISON: dict[str, Callable[[], StreamMessage]] = {
    "frame without a zone": lambda: rename_stream(received_at=START.replace(tzinfo=None)),
    "status without a zone": lambda: set_reason(received_at=START.replace(tzinfo=None)),
    "frame of the last day of the calendar": lambda: rename_stream(received_at=YEARS_ON),
    "status of the last day of the calendar": lambda: set_reason(received_at=YEARS_ON),
    "frame of the first day of the calendar": lambda: rename_stream(received_at=datetime(1, 1, 1, tzinfo=UTC)),
    "status of 1970": lambda: set_reason(received_at=datetime(1970, 1, 1, tzinfo=UTC)),
    "last frame without a zone": lambda: set_reason(last_frame_at=START.replace(tzinfo=None)),
    "sequence beyond a column": lambda: rename_stream(sequence=2**70),
    "status sequence beyond a column": lambda: set_reason(sequence=2**70),
    "half a surrogate in the session": lambda: rename_stream(session_id="s\ud800"),
    "counter beyond a column": lambda: set_reason(counters=StreamCounters(frames_dropped=2**70)),
    "counter that is no number": lambda: set_reason(counters=StreamCounters(decode_errors=None)),  # type: ignore[arg-type]
    "a state of its own": lambda: set_reason(state="afloat"),
}


@pytest.mark.parametrize("kind", POISON)
def test_what_one_message_provokes_stays_with_it(watch: WatchedWorker, kind: str) -> None:
    watch.publish(status(), frame(sequence=0), frame("yard", 0), POISON[kind](), frame(sequence=1), frame("yard", 1))

    watch.worker.run_once()
    watch.clock.advance(4)
    watch.publish(frame(sequence=2), status(sequence=2, after_s=3), frame("yard", 2))
    watch.worker.run_once()

    assert watch.stored() == [0, 1, 2]
    assert watch.stored("yard") == [0, 1, 2]
    assert len(watch.queue.dead_letters()) == 1
    assert watch.worker.counters.messages_put_aside == 1
    assert watch.worker.health() == ""
    assert watch.streams.sessions("gate")[0].last_seen_at == START + timedelta(seconds=3)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_zero_byte_that_postgres_refuses_stays_with_its_message(watch: WatchedWorker) -> None:
    watch.publish(frame(sequence=0), rename_stream(session_id="s\0"), frame(sequence=1))

    watch.worker.run_once()

    assert watch.stored() == [0, 1]
    assert len(watch.queue.dead_letters()) == 1


@pytest.mark.parametrize("reason", ["why\0", "\udfff", "x" * 100_000])
def test_a_reason_that_no_database_takes_is_stored_as_what_can_be_shown(watch: WatchedWorker, reason: str) -> None:
    watch.publish(frame(sequence=0), set_reason(reason=reason))

    watch.worker.run_once()

    assert watch.queue.dead_letters() == ()
    assert watch.streams.sessions("gate")[0].reason.isprintable()


def test_a_message_a_day_ahead_does_not_blind_its_stream(watch: WatchedWorker) -> None:
    ahead = START + timedelta(hours=23)
    watch.publish(status(), frame(sequence=0), rename_stream(received_at=ahead, session_id="other"))
    watch.publish(set_reason(received_at=ahead), set_reason(received_at=ahead, session_id="other"))
    watch.worker.run_once()

    for second in range(1, 120):
        watch.clock.advance(1)
        watch.publish(frame(sequence=second), status(sequence=second, after_s=second + 0.5))
        watch.worker.run_once()

    snapshot = watch.worker._live.get("gate")
    assert snapshot is not None
    assert snapshot.status is not None
    assert snapshot.status.sequence == 119
    assert abs(snapshot.at - watch.clock.now()) <= timedelta(seconds=61)
    assert watch.stored() == list(range(120))
    offered = {each.session_id: each.frames_offered for each in watch.streams.sessions("gate")}
    assert offered["s1"] == 120


def test_a_number_that_leaps_does_not_hide_what_comes_after_it(watch: WatchedWorker) -> None:
    watch.publish(frame(sequence=0), status(sequence=0, after_s=0.5))
    watch.worker.run_once()
    watch.publish(rename_stream(sequence=2**52, received_at=START + timedelta(seconds=1)))
    watch.worker.run_once()
    watch.publish(frame(sequence=1))
    watch.worker.run_once()

    assert watch.stored() == [0, 1]
    (letter,) = watch.scores.dead_letters()
    assert "leaps" in letter.reason


def test_where_all_that_comes_is_far_from_now_the_worker_says_so(watch: WatchedWorker) -> None:
    for number in range(6):
        watch.publish(rename_stream(received_at=START + timedelta(days=40), sequence=number))
        watch.worker.run_once()
    assert "clocks" in watch.worker.health()

    watch.publish(frame(sequence=0))
    watch.worker.run_once()

    assert watch.worker.health() == ""


@pytest.mark.parametrize("ahead_s", [0, 30, 80_000])
@pytest.mark.parametrize("number", [10, 10_000, 999_000, 2**52])
def test_a_forged_frame_hides_none_that_follows_over_a_restart_too(
    watch: WatchedWorker, number: int, ahead_s: float
) -> None:
    watch.publish(frame(sequence=0), rename_stream(sequence=number, received_at=START + timedelta(seconds=ahead_s)))
    watch.worker.run_once()
    watch.clock.advance(9)
    watch.publish(*(frame(sequence=each) for each in range(1, 10)))
    watch.worker.run_once()
    assert set(range(10)) <= set(watch.stored())

    watch.start_again()
    watch.clock.advance(10)
    watch.publish(*(frame(sequence=each) for each in range(15, 20)))
    watch.worker.run_once()

    assert {*range(10), *range(15, 20)} <= set(watch.stored())


def test_a_status_ahead_of_now_leaves_no_session_with_more_stored_than_offered(watch: WatchedWorker) -> None:
    watch.publish(status(), frame(sequence=0), set_reason(received_at=START + timedelta(seconds=500)))
    watch.worker.run_once()
    watch.clock.advance(9)
    for number in range(1, 9):
        watch.publish(frame(sequence=number), status(sequence=number, after_s=number))
    watch.worker.run_once()

    (session,) = watch.streams.sessions("gate")
    assert session.frames_offered == len(watch.stored()) == 9
