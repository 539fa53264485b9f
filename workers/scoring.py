"""The scoring worker: poll → score → judge → store in one transaction → show live → commit.

One poll is one unit and nothing is in flight when the next is polled, so a crash at any point costs a repeat, never a
loss, and a repeat changes nothing.
"""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import torch

from alerts.evaluator import Tick
from alerts.policy import Policy
from detectors.registry import DetectorSet
from domain.frames import Frame
from domain.ports import AlertStore, Clock, LiveState, ScoreStore, StreamConsumer, StreamStore
from domain.streams import Camera
from domain.units import DeadLetter, Delivery, JudgedUnit, StreamMessage, Unit
from workers.batching import BatchBounds
from workers.cameras import CameraBook
from workers.idle import IdleStreams, tick_time
from workers.judging import Judge, Judgement, from_store
from workers.progress import Progress
from workers.retrying import Stopped, StorePatience
from workers.scorer import FrameScorer, ScoredFrames

_log = logging.getLogger(__name__)

STUCK_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class WorkerCounters:
    """What this worker did since it started."""

    units: int = 0
    frames_scored: int = 0
    frames_rejected: int = 0
    messages_skipped: int = 0
    """Repeats, and messages of cameras that are removed or switched off."""


@dataclass(frozen=True, slots=True)
class PollBounds:
    """How much one unit may hold, and how long a poll waits for it."""

    max_messages: int = 64
    timeout_s: float = 0.5


class ScoringWorker:
    """Judges what the consumer delivers. One thread runs it; `health` and `counters` may be read from others."""

    def __init__(
        self,
        *,
        consumer: StreamConsumer,
        detectors: DetectorSet,
        score_store: ScoreStore,
        alert_store: AlertStore,
        stream_store: StreamStore,
        live: LiveState,
        policy: Policy,
        clock: Clock,
        device: torch.device,
        bounds: BatchBounds | None = None,
        poll: PollBounds | None = None,
        pictures: bool = True,
        patience: StorePatience | None = None,
    ) -> None:
        self._consumer = consumer
        self._scorer = FrameScorer(detectors, device, bounds or BatchBounds())
        self._score_store = score_store
        self._live = live
        self._clock = clock
        self._poll = poll or PollBounds()
        self._pictures = pictures
        self._judge = Judge(from_store(alert_store), policy)
        self._cameras = CameraBook(stream_store)
        self._progress = Progress()
        self._idle = IdleStreams()
        self._patience = patience or StorePatience()
        self._stop = threading.Event()
        self._unit_began_s = time.monotonic()
        self._counters = WorkerCounters()

    @property
    def counters(self) -> WorkerCounters:
        return self._counters

    def health(self) -> str:
        """Return "" while units are judged and stored, else why not."""
        taken_s = time.monotonic() - self._unit_began_s
        stuck = f"one unit has taken {taken_s:.0f} s so far" if taken_s > STUCK_AFTER_S else ""
        return self._patience.away_reason or stuck

    def run(self, stop: threading.Event) -> None:
        """Judge until `stop` is set; the unit in hand is finished first where the store lets it."""
        self._stop = stop
        while not stop.is_set():
            try:
                self.run_once()
            except Stopped as stopped:
                _log.warning("%s", stopped)

    def run_once(self) -> int:
        """Judge one unit and return how many messages it held. Raises `Stopped` when told to stop while storing."""
        self._unit_began_s = time.monotonic()
        self._refresh_cameras()
        unit = self._consumer.poll(self._poll.max_messages, self._poll.timeout_s)
        if unit.deliveries:
            self._finish(unit)
        self._tick(unit)
        return len(unit.deliveries)

    def _finish(self, unit: Unit) -> None:
        try:
            self._judge_and_store(unit)
        except Stopped:
            raise
        except Exception:  # noqa: BLE001 - the guard of the judging loop
            # One unit that trips over a mistake of ours must not end the watch over
            # every camera. It is put aside with its reason, and the next unit is judged.
            _log.exception("a unit of %d messages could not be judged and is put aside", len(unit.deliveries))
            for delivery in unit.deliveries:
                if isinstance(delivery.message, Frame):
                    self._consumer.dead_letter(delivery, "internal error while judging; see the log")
        self._consumer.commit(unit)

    def _judge_and_store(self, unit: Unit) -> None:
        wanted = list(self._wanted(unit))
        scored = self._scored(wanted)
        judgement = self._patience.until_done(lambda: self._judged(wanted, scored), self._stop)
        dead = tuple(_dead_letter(wanted[index][0].message, reason) for index, reason in scored.rejected.items())
        self._store(judgement, dead)
        for index, reason in scored.rejected.items():
            self._consumer.dead_letter(wanted[index][0], reason)
        for delivery, _ in wanted:
            self._progress.note(delivery.message)
        self._show_pictures(wanted, scored)
        self._count(unit, wanted, scored)

    def _wanted(self, unit: Unit) -> Iterable[tuple[Delivery, Camera]]:
        """Yield what is new and of a camera that is watched."""
        for delivery in unit.deliveries:
            camera = self._cameras.watched(_stream_id(delivery.message))
            if camera is not None and not self._progress.is_repeat(delivery.message):
                yield delivery, camera

    def _scored(self, wanted: list[tuple[Delivery, Camera]]) -> ScoredFrames:
        """Score the frames; the result's indices are those of `wanted`."""
        places, frames, masks = [], [], []
        for place, (delivery, camera) in enumerate(wanted):
            if isinstance(delivery.message, Frame):
                places.append(place)
                frames.append(delivery.message)
                masks.append(camera.masks)
        scored = self._scorer.score(frames, masks)
        return ScoredFrames(
            {places[index]: scores for index, scores in scored.scores.items()},
            {places[index]: reason for index, reason in scored.rejected.items()},
        )

    def _judged(self, wanted: list[tuple[Delivery, Camera]], scored: ScoredFrames) -> Judgement:
        judgement = self._judge.begin()
        for place, (delivery, camera) in enumerate(wanted):
            message = delivery.message
            observation = scored.scores.get(place) if isinstance(message, Frame) else message
            if observation is not None:
                self._judge.observe(judgement, camera, observation)
            self._idle.heard(camera.name, _received_at(message))
        return judgement

    def _store(self, judgement: Judgement, dead_letters: tuple[DeadLetter, ...] = ()) -> None:
        unit = judgement.unit(dead_letters)
        if unit != JudgedUnit():
            self._patience.until_done(lambda: self._score_store.add(unit), self._stop)
        self._judge.keep(judgement)
        for snapshot in judgement.snapshots():
            self._live.put(snapshot)

    def _tick(self, unit: Unit) -> None:
        oldest = min((_received_at(delivery.message) for delivery in unit.deliveries), default=None)
        at = tick_time(self._clock.now(), oldest, self._consumer.lag())
        due = self._idle.due(self._cameras.watched_names(), at)
        if not due:
            return
        judgement = self._patience.until_done(lambda: self._ticked(due, at), self._stop)
        self._store(judgement)

    def _ticked(self, names: tuple[str, ...], at: datetime) -> Judgement:
        judgement = self._judge.begin()
        for name in names:
            camera = self._cameras.watched(name)
            if camera is not None:
                self._judge.observe(judgement, camera, Tick(at))
                self._idle.heard(name, at)
        return judgement

    def _refresh_cameras(self) -> None:
        gone = self._patience.until_done(lambda: self._cameras.refresh(self._clock.now()), self._stop)
        for name in gone:
            self._judge.forget(name)
            self._idle.forget(name)
            self._scorer.memory.forget(name)
            self._live.remove(name)

    def _show_pictures(self, wanted: list[tuple[Delivery, Camera]], scored: ScoredFrames) -> None:
        if not self._pictures:
            return
        newest = {scores.ref.stream_id: wanted[place][0].message for place, scores in scored.scores.items()}
        for message in newest.values():
            if isinstance(message, Frame):
                self._live.put_picture(message)

    def _count(self, unit: Unit, wanted: list[tuple[Delivery, Camera]], scored: ScoredFrames) -> None:
        before = self._counters
        self._counters = replace(
            before,
            units=before.units + 1,
            frames_scored=before.frames_scored + len(scored.scores),
            frames_rejected=before.frames_rejected + len(scored.rejected),
            messages_skipped=before.messages_skipped + len(unit.deliveries) - len(wanted),
        )


def _stream_id(message: StreamMessage) -> str:
    return message.ref.stream_id if isinstance(message, Frame) else message.stream_id


def _received_at(message: StreamMessage) -> datetime:
    return message.ref.received_at if isinstance(message, Frame) else message.received_at


def _dead_letter(message: StreamMessage, reason: str) -> DeadLetter:
    sequence = message.ref.sequence if isinstance(message, Frame) else message.sequence
    session = message.ref.session_id if isinstance(message, Frame) else message.session_id
    return DeadLetter(_stream_id(message), session, sequence, _received_at(message), reason)
