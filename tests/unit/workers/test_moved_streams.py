"""Streams that go from worker to worker: each goes on from what is stored, and only its owner speaks for it."""

from datetime import timedelta

import pytest
import torch

from domain.alerts import Alert, AlertState
from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import StreamMessage
from evaluation.policy import Policy
from tests.fakes.live_state import FakeLiveState
from tests.fakes.ports import START, FakeAlertStore, FakeClock, FakeScoreStore, FakeStreamStore
from tests.unit.workers.builders import detector_set, frame, status
from transport.embedded import EmbeddedQueue
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores


class SharedQueue:
    """One store and one queue that workers share; `since` is the assignment of every stream."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.since: int | None = 1
        self._monkeypatch = monkeypatch
        self.queue, self.clock, self.live = EmbeddedQueue(), FakeClock(), FakeLiveState()
        self.streams = FakeStreamStore()
        self.scores = FakeScoreStore(self.streams)
        self.streams.put_camera(Camera("gate", "rtsp://h/1"), by="test", at=START)

    def worker(self) -> ScoringWorker:
        consumer = self.queue.consumer()
        self._monkeypatch.setattr(consumer, "assignment_of", lambda _name: self.since)
        return ScoringWorker(
            consumer=consumer,
            stores=WorkerStores(self.streams, self.scores, FakeAlertStore(self.scores)),
            live=self.live,
            scorer=FrameScorer(detector_set(), torch.device("cpu")),
            policy=Policy.for_clips(),
            clock=self.clock,
            poll=PollLimits(timeout_s=0.0),
        )

    def publish(self, *messages: StreamMessage) -> None:
        for message in messages:
            assert self.queue.publisher().publish(message)

    def stored_alert(self) -> None:
        """Store a firing alert, as another worker would."""
        at = START + timedelta(seconds=1)
        self.scores.alerts["gate", Fault.BLACK] = Alert("gate", Fault.BLACK, AlertState.FIRING, at, at)

    def shown(self) -> list[Fault]:
        snapshot = self.live.get("gate")
        assert snapshot is not None
        return [alert.fault for alert in snapshot.alerts]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> SharedQueue:
    return SharedQueue(monkeypatch)


def test_a_stream_that_stayed_goes_on_from_memory(stage: SharedQueue) -> None:
    worker = stage.worker()
    stage.publish(frame(sequence=0))
    worker.run_once()
    stage.stored_alert()
    stage.publish(frame(sequence=1))
    worker.run_once()
    assert stage.shown() == []


def test_a_stream_that_comes_back_goes_on_from_what_others_stored(stage: SharedQueue) -> None:
    worker = stage.worker()
    stage.publish(frame(sequence=0))
    worker.run_once()
    stage.since = None
    worker.run_once()
    stage.stored_alert()
    stage.since = 2
    stage.publish(frame(sequence=1))
    worker.run_once()
    assert stage.shown() == [Fault.BLACK]


def test_a_silent_stream_of_somebody_else_is_left_to_him(stage: SharedQueue) -> None:
    worker = stage.worker()
    stage.publish(status(), frame(sequence=0))
    worker.run_once()
    shown = stage.live.get("gate")
    stage.since = None
    stage.clock.sleep(60)
    worker.run_once()
    assert stage.live.get("gate") == shown


def test_what_another_worker_stored_before_it_died_is_not_judged_again(stage: SharedQueue) -> None:
    messages: list[StreamMessage] = [frame(sequence=0), status(sequence=0, after_s=0.5), frame(sequence=1)]
    dying = stage.worker()
    stage.publish(*messages)
    dying.run_once()
    units = len(stage.scores.units)
    following = stage.worker()
    stage.publish(*messages, frame(sequence=2))
    following.run_once()
    assert following.counters.messages_skipped == len(messages)
    assert [score.ref.sequence for unit in stage.scores.units[units:] for score in unit.scores] == [2]
