"""A worker that is too far behind, or that reads what an overtaken ingest process sent."""

from dataclasses import replace
from datetime import timedelta

import pytest
import torch

from detectors.registry import DetectorSet
from domain.cameras import Camera, ConnectionState
from domain.faults import Fault, VerdictState
from domain.messages import BatchResult, DeadLetter, StreamMessage
from evaluation.policy import Policy
from evaluation.verdict_time import UNSCORED
from tests.fakes.leases import FakeCameraLeases
from tests.fakes.live_state import FakeLiveState
from tests.fakes.ports import START, FakeAlertStore, FakeClock, FakeScoreStore, FakeStreamStore
from tests.unit.workers.builders import FEW_METRICS, BrightModel, detector_set, frame, status
from transport.embedded import EmbeddedQueue
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.load_shedding import LagLimits
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores


class LaggingWorker:
    """A worker that polls eight messages at once, with its ports."""

    def __init__(self, detectors: DetectorSet | None = None) -> None:
        self.queue, self.streams, self.clock = EmbeddedQueue(max_statuses=1000), FakeStreamStore(), FakeClock()
        self.scores, self.live, self.leases = FakeScoreStore(self.streams), FakeLiveState(), FakeCameraLeases()
        for name in ("gate", "yard"):
            self.streams.put_camera(Camera(name, f"rtsp://h/{name}"), by="test", at=START)
        self.worker = ScoringWorker(
            consumer=self.queue.consumer(),
            stores=WorkerStores(self.streams, self.scores, FakeAlertStore(self.scores), self.leases),
            live=self.live,
            scorer=FrameScorer(detectors or detector_set(), torch.device("cpu")),
            policy=Policy.for_clips(),
            clock=self.clock,
            poll=PollLimits(max_messages=8, timeout_s=0.0),
            shedding=LagLimits(60, 15),
        )

    def publish(self, *messages: StreamMessage) -> None:
        for message in messages:
            assert self.queue.publisher().publish(message)

    def run_until_empty(self) -> None:
        while self.worker.run_once():
            pass

    def stored(self) -> list[int]:
        return [score.ref.sequence for unit in self.scores.units for score in unit.scores]

    def state_of(self, fault: Fault) -> tuple[VerdictState, str]:
        snapshot = self.live.get("gate")
        assert snapshot is not None
        return next((each.state, each.reason) for each in snapshot.verdicts if each.fault is fault)


@pytest.fixture
def behind() -> LaggingWorker:
    return LaggingWorker()


def a_second_each(count: int) -> list[StreamMessage]:
    """A frame and a status a second."""
    return [each for n in range(count) for each in (frame(sequence=n), status(sequence=n, after_s=n + 0.5))]


def test_the_oldest_frames_are_dropped_and_offered_is_stored_and_dropped(behind: LaggingWorker) -> None:
    behind.publish(*a_second_each(100))
    behind.clock.advance(100)

    behind.run_until_empty()

    # Frames of the seconds 0 to 84 are older than 15 s when they are polled; the clock stands still.
    assert behind.stored() == list(range(85, 100))
    (session,) = behind.streams.sessions("gate")
    assert (session.frames_offered, session.frames_dropped) == (100, 85)
    assert behind.worker.counters.frames_dropped == 85
    assert sum(len(unit.statuses) for unit in behind.scores.units) == 100


def test_while_nothing_is_scored_the_verdicts_and_the_worker_say_so(behind: LaggingWorker) -> None:
    behind.publish(*a_second_each(100))
    behind.clock.advance(100)

    behind.worker.run_once()

    assert behind.state_of(Fault.BLUR) == (VerdictState.NOT_ASSESSABLE, UNSCORED)
    assert behind.state_of(Fault.SIGNAL_LOSS)[0] is VerdictState.OK
    assert behind.worker.health() == "scoring is 100 s behind, frames are dropped unscored"
    snapshot = behind.live.get("gate")
    assert snapshot is not None
    assert (snapshot.frames_dropped, snapshot.lag_s) == (4, 96.5)  # four seconds in one poll, the last status at 3.5


def test_once_caught_up_it_says_nothing_more(behind: LaggingWorker) -> None:
    behind.publish(*a_second_each(100))
    behind.clock.advance(100)

    behind.run_until_empty()

    assert behind.worker.health() == ""
    assert behind.worker.lag_s == 0.0
    assert behind.state_of(Fault.BLUR)[1] != UNSCORED


def test_a_worker_in_time_drops_nothing(behind: LaggingWorker) -> None:
    behind.publish(*a_second_each(30))
    behind.clock.advance(30)

    behind.run_until_empty()

    assert len(behind.stored()) == 30


def test_models_that_look_now_and_then_give_way_to_frames_until_scoring_is_in_time() -> None:
    model = BrightModel()
    behind = LaggingWorker(DetectorSet(FEW_METRICS, (model,), every_s={"bright": 10.0}))
    behind.publish(*a_second_each(20))
    behind.clock.advance(20)

    behind.worker.run_once()
    assert model.batch_sizes == []

    behind.run_until_empty()
    assert behind.stored() == list(range(20))
    assert model.batch_sizes == [1]


def overtaken(behind: LaggingWorker) -> tuple[int, int]:
    """Let 'south' take the camera from a silent 'north'; return both tokens."""
    old = behind.leases.acquire("gate", "north", now=START, ttl_s=30)
    new = behind.leases.acquire("gate", "south", now=START + timedelta(seconds=31), ttl_s=30)
    assert old is not None
    assert new is not None
    return old, new


def test_an_overtaken_frame_is_neither_judged_nor_stored_but_put_aside_and_counted(behind: LaggingWorker) -> None:
    old, new = overtaken(behind)
    stale, fresh = frame(sequence=0, level=0), frame(sequence=1)
    behind.publish(replace(stale, ref=replace(stale.ref, token=old)), replace(fresh, ref=replace(fresh.ref, token=new)))

    behind.worker.run_once()

    assert behind.stored() == [1]
    (aside,), (letter,) = behind.queue.dead_letters(), behind.scores.dead_letters()
    assert aside == letter
    assert "no longer holds the camera" in letter.reason
    assert behind.worker.counters.frames_refused == 1


def test_what_an_overtaken_process_says_raises_no_alert(behind: LaggingWorker) -> None:
    old, new = overtaken(behind)
    behind.publish(replace(status(), token=new))
    for n in range(1, 61):
        lost = replace(status(sequence=0, after_s=n), state=ConnectionState.LOST, reason="gone", token=old)
        black = frame(sequence=n, level=0)
        behind.publish(lost, replace(black, ref=replace(black.ref, token=old)))

    behind.run_until_empty()

    assert behind.scores.transitions == {}
    assert behind.scores.alerts == {}
    assert behind.scores.outbox == {}
    assert behind.state_of(Fault.SIGNAL_LOSS)[0] is not VerdictState.FAULT
    assert behind.worker.counters.messages_skipped == 60


def test_the_same_words_under_a_token_that_counts_do_raise_one(behind: LaggingWorker) -> None:
    """Else the test above could not fail."""
    _, new = overtaken(behind)
    for n in range(61):
        behind.publish(replace(status(sequence=0, after_s=n), state=ConnectionState.LOST, reason="gone", token=new))

    behind.run_until_empty()

    assert {step.fault for step in behind.scores.transitions.values()} == {Fault.SIGNAL_LOSS}


def test_a_lease_that_moves_between_judging_and_storing_is_noticed_by_the_store(
    behind: LaggingWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = behind.scores.add

    def refuses(unit: BatchResult) -> tuple[DeadLetter, ...]:
        ref = unit.scores[0].ref
        add(replace(unit, scores=unit.scores[1:]))
        return (DeadLetter(ref.stream_id, ref.session_id, ref.sequence, ref.received_at, "moved"),)

    monkeypatch.setattr(behind.scores, "add", refuses)
    behind.publish(frame(sequence=0), frame(sequence=1))

    behind.worker.run_once()

    assert [(letter.sequence, letter.reason) for letter in behind.queue.dead_letters()] == [(0, "moved")]
    assert behind.worker.counters.frames_refused == 1
