"""The scoring worker: poll → score → evaluate → store in one transaction → show live → commit.

One poll is one batch and nothing is in flight when the next is polled, so a crash at any point costs a repeat, never a
loss, and a repeat changes nothing.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from domain.clocks import BACKWARD_TOLERANCE
from domain.frames import Frame, FrameRef
from domain.messages import OVERTAKEN, BatchResult, DeadLetter, Delivery
from domain.ports import AlertStore, CameraLeases, Clock, LiveState, ScoreStore, StreamConsumer, StreamStore
from evaluation.evaluate import Tick
from evaluation.policy import Policy
from workers.deduplication import Deduplicator, load_stored_progress
from workers.frame_scoring.frame_scorer import FrameScorer, ScoredFrames
from workers.idle_streams import IdleStreams, tick_time
from workers.load_shedding import LagLimits, lag_s, plan_shedding
from workers.message_triage import (
    SEQUENCE_LEAPS,
    CameraDelivery,
    TriagedBatch,
    match_dead_letters,
    split_by_fence,
)
from workers.poison_messages import PoisonMessageGuard
from workers.store_retry import StoreRetry, WorkerStopped
from workers.stream_assignments import StreamAssignments
from workers.stream_evaluator import BatchEvaluation, StreamEvaluator, restore_from_store
from workers.watched_cameras import WatchedCameras

_log = logging.getLogger(__name__)

STUCK_AFTER_S = 60.0
BEHIND_S = 1.5
"""Where more waits and the oldest frame of a poll is older than this, models that run now and then run later."""


@dataclass(frozen=True, slots=True)
class WorkerCounters:
    """What this worker did since it started."""

    batches: int = 0
    """Polls that were evaluated, stored and committed."""
    frames_scored: int = 0
    frames_rejected: int = 0
    """Frames whose picture no model could read."""
    messages_skipped: int = 0
    """Repeats, messages of cameras that are removed or switched off, and overtaken statuses."""
    frames_dropped: int = 0
    """Dropped unscored because scoring was too far behind."""
    frames_refused: int = 0
    """Read under a lease that counts no more, or received outside the time the store keeps."""
    messages_put_aside: int = 0
    """They cannot be evaluated or stored, or their time is far from ours."""


@dataclass(frozen=True, slots=True)
class PollLimits:
    """How much one batch may hold, and how long a poll waits for it."""

    max_messages: int = 64
    timeout_s: float = 0.5


@dataclass(frozen=True, slots=True)
class WorkerStores:
    """The stores a worker reads and writes."""

    streams: StreamStore
    scores: ScoreStore
    alerts: AlertStore
    leases: CameraLeases | None = None
    """Which tokens of messages count; without it every message counts."""


class ScoringWorker:
    """Scores and evaluates what the consumer delivers. One thread runs it; others may read `health` and `counters`."""

    def __init__(
        self,
        *,
        consumer: StreamConsumer,
        stores: WorkerStores,
        live: LiveState,
        scorer: FrameScorer,
        policy: Policy,
        clock: Clock,
        poll: PollLimits | None = None,
        pictures: bool = True,
        store_retry: StoreRetry | None = None,
        shedding: LagLimits | None = None,
        clock_correction: Callable[[], timedelta] = timedelta,
    ) -> None:
        """Without `pictures` none is shown live; without `shedding` no frame is dropped.

        `clock_correction` says by how much `clock` has been set since the start.
        """
        self._consumer = consumer
        self._stores = stores
        self._live = live
        self._scorer = scorer
        self._clock = clock
        self._poll = poll or PollLimits()
        self._pictures = pictures
        self._evaluator = StreamEvaluator(restore_from_store(stores.alerts), policy)
        self._cameras = WatchedCameras(stores.streams)
        self._deduplicator = Deduplicator()
        self._assignments = StreamAssignments(consumer.assignment_of)
        self._idle = IdleStreams()
        self._store_retry = store_retry or StoreRetry()
        self._lag_bounds = shedding
        self._shedding = False
        self._lag_s = 0.0
        self._behind = False
        self._dropped: Counter[str] = Counter()
        self._clock_correction = clock_correction
        self._followed_correction = timedelta(0)
        self._guard = PoisonMessageGuard(consumer, self._score_and_store, self._store_letter)
        self._stop = threading.Event()
        self._batch_began_s = time.monotonic()
        self._counters = WorkerCounters()

    @property
    def counters(self) -> WorkerCounters:
        counted = self._counters
        return replace(counted, messages_put_aside=counted.messages_put_aside + self._guard.rejected_count)

    @property
    def lag_s(self) -> float:
        """How old the oldest message of the last poll was when it was polled, 0 when nothing came."""
        return self._lag_s

    def health(self) -> str:
        """Return "" while every frame is scored and stored, else why not."""
        taken_s = time.monotonic() - self._batch_began_s
        stuck = f"one batch has taken {taken_s:.0f} s so far" if taken_s > STUCK_AFTER_S else ""
        behind = f"scoring is {self._lag_s:.0f} s behind, frames are dropped unscored" if self._shedding else ""
        return self._store_retry.away_reason or self._guard.clock_reason or stuck or behind

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; the batch in progress is finished first if the store answers."""
        self._stop = stop
        while not stop.is_set():
            try:
                self.run_once()
            except WorkerStopped as stopped:
                _log.warning("%s", stopped)

    def run_once(self) -> int:
        """Handle one batch and return how many messages it held.

        Raises `WorkerStopped` when stopped while storing.
        """
        self._batch_began_s = time.monotonic()
        self._follow_clock()
        self._refresh_cameras()
        batch = self._consumer.poll(self._poll.max_messages, self._poll.timeout_s)
        self._forget(self._assignments.drop_moved())
        now = self._clock.now()
        timely = self._guard.keep_timely(batch.deliveries, now)
        self._lag_s = lag_s((delivery.message for delivery in timely), now)
        if batch.deliveries:
            self._guard.evaluate(timely, now)
            self._consumer.commit(batch)
        else:
            self._log_shedding(False)
        self._tick(timely)
        return len(batch.deliveries)

    def _follow_clock(self) -> None:
        """Keep the age of all that is known where the clock was set."""
        clock_correction = self._clock_correction()
        if clock_correction != self._followed_correction:
            self._evaluator.move(clock_correction - self._followed_correction)
            self._idle.move(clock_correction - self._followed_correction)
            self._followed_correction = clock_correction

    def _score_and_store(self, deliveries: Sequence[Delivery]) -> None:
        clock = self._clock.now()
        self._begin_streams(deliveries, clock)
        new, leaping = self._select_wanted(deliveries, clock)
        parts = self._triage(new)
        scored = self._score(parts.accepted)
        evaluation = self._store_retry.until_done(lambda: self._evaluate(parts, scored, clock), self._stop)
        aside = [(delivery, OVERTAKEN) for delivery in parts.refused]
        aside += [(delivery, SEQUENCE_LEAPS) for delivery in leaping]
        aside += [(parts.accepted[place][0], reason) for place, reason in scored.rejected.items()]
        letters = tuple(DeadLetter.of(each.message, note) for each, note in aside if isinstance(each.message, Frame))
        self._dropped.update(camera.name for _, camera in parts.dropped)
        refused = match_dead_letters(parts.accepted, self._store(evaluation, letters, parts.dropped_refs))
        for delivery, reason in aside + refused:
            self._consumer.dead_letter(delivery, reason)
        self._deduplicator.note(delivery.message for delivery, _ in new)
        self._show_pictures(parts.accepted, scored)
        self._count(
            batches=1,
            frames_scored=len(scored.scores),
            frames_rejected=len(scored.rejected),
            messages_skipped=len(deliveries) - len(new) - len(leaping) + parts.overtaken_statuses,
            frames_dropped=len(parts.dropped),
            frames_refused=len(parts.refused) + len(refused),
            messages_put_aside=len(leaping),
        )

    def _begin_streams(self, deliveries: Sequence[Delivery], now: datetime) -> None:
        """Read how far new streams are stored, perhaps by another worker that was killed."""
        names = (delivery.message.stream_id for delivery in deliveries)
        for name in self._assignments.begin(name for name in names if self._cameras.find(name) is not None):
            ask = partial(load_stored_progress, self._stores.streams, self._stores.scores, name, now)
            stored = self._store_retry.until_done(ask, self._stop)
            if stored is not None:
                self._deduplicator.resume(name, stored)

    def _triage(self, deliveries: list[CameraDelivery]) -> TriagedBatch:
        """Sort out messages read under a lease that no longer counts, and frames too old while newer ones wait."""
        leased = {camera.name for delivery, camera in deliveries if delivery.message.token}
        leases = self._stores.leases
        fences: Mapping[str, int] = {}
        if leases is not None and leased:
            fences = self._store_retry.until_done(lambda: leases.fences(leased), self._stop)
        current, refused, statuses = split_by_fence(deliveries, fences)
        messages = [delivery.message for delivery, _ in current]
        waiting, now = self._consumer.lag(), self._clock.now()
        self._behind = waiting > 0 and self._lag_s > BEHIND_S
        plan = plan_shedding(messages, now, waiting=waiting, shedding=self._shedding, bounds=self._lag_bounds)
        self._log_shedding(plan.shedding)
        judged = [each for place, each in enumerate(current) if place not in plan.dropped]
        return TriagedBatch(judged, [current[place] for place in sorted(plan.dropped)], refused, statuses)

    def _log_shedding(self, shedding: bool) -> None:
        if shedding and not self._shedding:
            _log.warning("scoring is %.0f s behind: the oldest frames are dropped until it has caught up", self._lag_s)
        if self._shedding and not shedding:
            _log.info("scoring has caught up; %d frames were dropped since the start", self._counters.frames_dropped)
        self._shedding = shedding

    def _select_wanted(
        self, deliveries: Sequence[Delivery], now: datetime
    ) -> tuple[list[CameraDelivery], list[Delivery]]:
        """Return what is new and of a watched camera, and what has an impossible sequence."""
        new: list[CameraDelivery] = []
        leaping = []
        for delivery in deliveries:
            camera = self._cameras.find(delivery.message.stream_id)
            if camera is None or self._deduplicator.is_repeat(delivery.message, now):
                continue
            if self._deduplicator.has_sequence_leap(delivery.message):
                leaping.append(delivery)
            else:
                new.append((delivery, camera))
        return new, leaping

    def _score(self, deliveries: list[CameraDelivery]) -> ScoredFrames:
        """Score the frames; the result's indices are those of `deliveries`."""
        places, frames, masks = [], [], []
        for place, (delivery, camera) in enumerate(deliveries):
            if isinstance(delivery.message, Frame):
                places.append(place)
                frames.append(delivery.message)
                masks.append(camera.masks)
        scored = self._scorer.score(frames, masks, behind=self._behind)
        return ScoredFrames(
            {places[index]: scores for index, scores in scored.scores.items()},
            {places[index]: reason for index, reason in scored.rejected.items()},
        )

    def _evaluate(self, parts: TriagedBatch, scored: ScoredFrames, clock: datetime) -> BatchEvaluation:
        evaluation = self._evaluator.begin()
        for place, (delivery, camera) in enumerate(parts.accepted):
            message = delivery.message
            observation = scored.scores.get(place) if isinstance(message, Frame) else message
            if observation is not None:
                self._evaluator.observe(evaluation, camera, observation, clock)
            self._idle.note_message(camera.name, min(message.received_at, clock + BACKWARD_TOLERANCE))
        for delivery, camera in parts.unscored_cameras().values():
            at = min(delivery.message.received_at, clock + BACKWARD_TOLERANCE)
            self._evaluator.observe(evaluation, camera, Tick(at, unscored=True), clock)
            self._idle.note_message(camera.name, at)
        return evaluation

    def _store_letter(self, letter: DeadLetter) -> None:
        if self._cameras.find(letter.stream_id) is not None:
            result = BatchResult(dead_letters=(letter,))
            self._store_retry.until_done(lambda: self._stores.scores.add(result), self._stop)

    def _store(
        self,
        evaluation: BatchEvaluation,
        dead_letters: tuple[DeadLetter, ...] = (),
        dropped: tuple[FrameRef, ...] = (),
    ) -> tuple[DeadLetter, ...]:
        """Store the batch, keep its states and show them; return what the store refused."""
        result = replace(evaluation.result(dead_letters), dropped=dropped)
        refused: tuple[DeadLetter, ...] = ()
        if result != BatchResult():
            refused = self._store_retry.until_done(lambda: self._stores.scores.add(result), self._stop)
        self._evaluator.keep(evaluation)
        now = self._clock.now()
        for snapshot in evaluation.snapshots():
            lag = max(0.0, (now - snapshot.at).total_seconds())
            self._live.put(replace(snapshot, lag_s=lag, frames_dropped=self._dropped[snapshot.stream_id]))
        return refused

    def _tick(self, deliveries: Sequence[Delivery]) -> None:
        oldest = min((delivery.message.received_at for delivery in deliveries), default=None)
        at = tick_time(self._clock.now(), oldest, self._consumer.lag())
        due = self._idle.due(self._assignments.own_streams(self._cameras.names()), at)
        if not due:
            return
        evaluation = self._store_retry.until_done(lambda: self._evaluate_ticks(due, at), self._stop)
        self._store(evaluation)

    def _evaluate_ticks(self, names: tuple[str, ...], at: datetime) -> BatchEvaluation:
        evaluation, clock = self._evaluator.begin(), self._clock.now()
        for name in names:
            camera = self._cameras.find(name)
            if camera is not None:
                self._evaluator.observe(evaluation, camera, Tick(at), clock)
                self._idle.note_message(name, at)
        return evaluation

    def _refresh_cameras(self) -> None:
        removed = self._store_retry.until_done(lambda: self._cameras.refresh(self._clock.now()), self._stop)
        self._forget(removed)
        for name in removed:
            self._live.remove(name)

    def _forget(self, names: Iterable[str]) -> None:
        """Forget these streams; when they come again they continue from what is stored."""
        for name in names:
            self._evaluator.forget(name)
            self._idle.forget(name)
            self._scorer.forget(name)

    def _show_pictures(self, deliveries: list[CameraDelivery], scored: ScoredFrames) -> None:
        if not self._pictures:
            return
        newest: dict[str, Frame] = {}
        for place in scored.scores:
            message = deliveries[place][0].message
            if isinstance(message, Frame) and message.has_picture:
                newest[message.ref.stream_id] = message
        for frame in newest.values():
            self._live.put_picture(frame)

    def _count(self, **more: int) -> None:
        before = self._counters
        self._counters = replace(before, **{name: getattr(before, name) + count for name, count in more.items()})
