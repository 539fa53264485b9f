import threading
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import torch

from domain.cameras import Camera
from domain.errors import StoreUnavailable
from domain.faults import Fault, VerdictState
from domain.messages import BatchResult, DeadLetter, StreamMessage
from evaluation.policy import Policy
from tests.fakes.live_state import FakeLiveState
from tests.fakes.ports import START, FakeAlertStore, FakeClock, FakeScoreStore, FakeStreamStore
from tests.unit.workers.builders import BrightModel, broken, detector_set, frame, status
from transport.embedded import EmbeddedQueue
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores
from workers.store_retry import StoreRetry


@dataclass
class WorkerHarness:
    """A worker with everything around it."""

    queue: EmbeddedQueue
    streams: FakeStreamStore
    scores: FakeScoreStore
    alerts: FakeAlertStore
    live: FakeLiveState
    clock: FakeClock
    worker: ScoringWorker

    def publish(self, *messages: StreamMessage) -> None:
        for message in messages:
            assert self.queue.publisher().publish(message)

    def sequences(self) -> Sequence[int]:
        return [row.ref.sequence for unit in self.scores.units for row in unit.scores]


@pytest.fixture
def bench() -> WorkerHarness:
    return built(FakeScoreStore())


def built(scores: FakeScoreStore, *, wait: bool = False, pictures: bool = True) -> WorkerHarness:
    queue, streams, clock = EmbeddedQueue(), FakeStreamStore(), FakeClock()
    streams.put_camera(Camera("gate", "rtsp://h/1"), by="test", at=START)
    streams.put_camera(Camera("yard", "rtsp://h/2"), by="test", at=START)
    alerts, live = FakeAlertStore(scores), FakeLiveState()

    def comes_back(stop: threading.Event, seconds: float) -> bool:
        scores.away = wait
        return stop.is_set()

    worker = ScoringWorker(
        consumer=queue.consumer(),
        stores=WorkerStores(streams, scores, alerts),
        live=live,
        scorer=FrameScorer(detector_set(), torch.device("cpu")),
        policy=Policy.for_clips(),
        clock=clock,
        poll=PollLimits(timeout_s=0.0),
        pictures=pictures,
        store_retry=StoreRetry(wait=comes_back),
    )
    return WorkerHarness(queue, streams, scores, alerts, live, clock, worker)


def test_one_poll_is_stored_in_one_transaction_and_committed(bench: WorkerHarness) -> None:
    bench.publish(status(), frame(sequence=0), frame("yard", 0), frame(sequence=1))

    assert bench.worker.run_once() == 4

    assert len(bench.scores.units) == 1
    assert bench.sequences() == [0, 0, 1]
    assert len(bench.scores.units[0].statuses) == 1
    assert bench.worker.run_once() == 0


def test_each_streams_frames_are_judged_in_sequence_order_whatever_their_format(bench: WorkerHarness) -> None:
    bench.publish(frame(sequence=0), frame(sequence=1, width=16), frame(sequence=2))

    bench.worker.run_once()

    assert bench.sequences() == [0, 1, 2]


def test_the_live_state_shows_every_fault_and_the_picture_of_now(bench: WorkerHarness) -> None:
    bench.publish(frame(sequence=0), frame(sequence=1, level=99))

    bench.worker.run_once()

    snapshot = bench.live.get("gate")
    assert snapshot is not None
    assert {verdict.fault for verdict in snapshot.verdicts} == set(Fault)
    picture = bench.live.picture("gate")
    assert picture is not None
    assert picture.ref.sequence == 1


def test_no_picture_is_kept_where_pictures_are_off() -> None:
    bench = built(FakeScoreStore(), pictures=False)
    bench.publish(frame())

    bench.worker.run_once()

    assert bench.live.picture("gate") is None


def test_a_poison_frame_goes_to_the_dead_letters_and_the_rest_is_stored(bench: WorkerHarness) -> None:
    bench.publish(frame(sequence=0), broken(sequence=1), frame(sequence=2))

    bench.worker.run_once()

    assert bench.sequences() == [0, 2]
    (stored,) = bench.scores.dead_letters()
    (aside,) = bench.queue.dead_letters()
    assert stored.sequence == aside.sequence == 1
    assert "planes" in stored.reason
    assert bench.queue.count_waiting() == 0
    assert bench.worker.run_once() == 0


def test_a_store_that_is_away_loses_nothing_and_the_unit_is_committed_after_it_is_back() -> None:
    store = FakeScoreStore()
    bench = built(store)
    store.away = True
    bench.publish(frame(sequence=0), frame(sequence=1))

    bench.worker.run_once()

    assert bench.sequences() == [0, 1]
    assert bench.worker.health() == ""


def test_a_stop_while_the_store_is_away_leaves_the_unit_for_the_next_worker() -> None:
    store = FakeScoreStore()
    bench = built(store, wait=True)
    store.away = True
    bench.publish(frame(sequence=0))
    stop = threading.Event()

    def stop_soon(result: BatchResult) -> tuple[DeadLetter, ...]:
        stop.set()
        raise StoreUnavailable("the disk is full")

    store.add = stop_soon  # type: ignore[method-assign]
    bench.worker.run(stop)

    assert bench.worker.health() == "the disk is full"
    again = bench.queue.consumer().poll(10, 0.0)
    assert len(again.deliveries) == 1


def test_a_worker_whose_unit_takes_too_long_says_so(bench: WorkerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.worker.run_once()
    assert bench.worker.health() == ""

    monkeypatch.setattr("workers.scoring_worker.STUCK_AFTER_S", -1.0)

    assert bench.worker.health().startswith("one batch has taken")


def test_a_unit_delivered_again_changes_nothing(bench: WorkerHarness) -> None:
    bench.publish(frame(sequence=0), frame(sequence=1))
    bench.worker.run_once()
    before = len(bench.scores.units)

    bench.publish(frame(sequence=0), frame(sequence=1))
    bench.worker.run_once()

    assert len(bench.scores.units) == before
    assert bench.worker.counters.messages_skipped == 2


def test_frames_of_cameras_that_are_retired_or_switched_off_are_not_judged(bench: WorkerHarness) -> None:
    bench.streams.put_camera(Camera("yard", "rtsp://h/2", enabled=False), by="test", at=START)
    bench.publish(frame("stranger"), frame("yard"), frame("gate"))

    bench.worker.run_once()

    assert [row.ref.stream_id for unit in bench.scores.units for row in unit.scores] == ["gate"]


def test_a_changed_camera_is_read_again_and_a_removed_one_leaves_the_live_state(bench: WorkerHarness) -> None:
    bench.publish(frame("yard"))
    bench.worker.run_once()
    assert bench.live.get("yard") is not None

    bench.streams.remove_camera("yard", by="test", at=START)
    bench.clock.advance(3)
    bench.worker.run_once()

    assert bench.live.get("yard") is None


def test_a_silent_stream_is_judged_all_the_same(bench: WorkerHarness) -> None:
    bench.publish(status())
    bench.worker.run_once()

    for _ in range(4):
        bench.clock.advance(6)
        bench.worker.run_once()

    snapshot = bench.live.get("gate")
    assert snapshot is not None
    assert {verdict.state for verdict in snapshot.verdicts} == {VerdictState.NOT_ASSESSABLE}
    assert any("silent" in verdict.reason for verdict in snapshot.verdicts)


def test_a_mistake_in_one_unit_does_not_end_the_watch(bench: WorkerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    add = bench.scores.add

    def trips(unit: BatchResult) -> tuple[DeadLetter, ...]:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(bench.scores, "add", trips)
    bench.publish(frame(sequence=0))
    bench.worker.run_once()
    monkeypatch.setattr(bench.scores, "add", add)
    bench.publish(frame(sequence=1))
    bench.worker.run_once()

    assert bench.sequences() == [1]
    assert [letter.sequence for letter in bench.queue.dead_letters()] == [0]


def test_streams_of_one_format_share_a_batch(bench: WorkerHarness) -> None:
    bright = BrightModel()
    bench.worker._scorer = FrameScorer(detector_set(bright), torch.device("cpu"))
    bench.publish(frame("gate"), frame("yard"))
    bench.worker.run_once()

    assert bright.batch_sizes == [2]
