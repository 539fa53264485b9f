"""Evaluates one stream now, as the running system does, and stores nothing."""

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import torch

from detectors.metric_table import read_every_metric
from detectors.registry import DetectorSet
from domain.cameras import Camera
from domain.frames import Frame
from domain.messages import StreamMessage, StreamSnapshot
from domain.ports import StreamConsumer
from evaluation.evaluate import Observation
from evaluation.policy import Policy
from ingest.limits import ReadingLimits
from ingest.supervise.ipc import ReaderSetup
from ingest.supervise.supervisor import IngestSupervisor
from sightline.runtime.clock import SystemClock
from transport.embedded import EmbeddedQueue
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.stream_evaluator import StreamEvaluator, make_fresh_state

POLL_S = 0.25
MAX_WAITING = 16


class StreamWatch:
    """One stream's live verdict."""

    def __init__(
        self, camera: Camera, detectors: DetectorSet, device: torch.device, limits: ReadingLimits | None = None
    ) -> None:
        self._camera = camera
        self._setup = ReaderSetup(
            limits=limits or ReadingLimits(),
            metrics=tuple(detectors.metrics.fingerprints),
            model_every_s=detectors.every_s,
        )
        self._scorer = FrameScorer(detectors, device)
        policy = replace(Policy.for_clips(), metrics=read_every_metric())
        self._evaluator = StreamEvaluator(make_fresh_state, policy)
        self._frames = 0

    @property
    def frames(self) -> int:
        """How many frames were evaluated so far."""
        return self._frames

    def snapshots(self, stop: threading.Event) -> Generator[StreamSnapshot, None, None]:
        """Yield the live state after every frame and status, until `stop` is set."""
        queue = EmbeddedQueue(max_frames=MAX_WAITING)
        supervisor = IngestSupervisor([self._camera], queue.publisher(), SystemClock(), setup=self._setup)
        supervisor.start()
        try:
            with closing(queue.consumer()) as consumer:
                while not stop.is_set():
                    yield from self._unit(consumer)
        finally:
            supervisor.stop()

    def _unit(self, consumer: StreamConsumer) -> Iterator[StreamSnapshot]:
        batch = consumer.poll(MAX_WAITING, POLL_S)
        for observation in self._observations([delivery.message for delivery in batch.deliveries]):
            evaluation = self._evaluator.begin()
            snapshot = self._evaluator.observe(evaluation, self._camera, observation).snapshot
            self._evaluator.keep(evaluation)
            yield snapshot
        consumer.commit(batch)

    def _observations(self, messages: Sequence[StreamMessage]) -> Iterator[Observation]:
        frames = [message for message in messages if isinstance(message, Frame)]
        scored = iter(self._scorer.score(frames, [self._camera.masks] * len(frames)).by_place(len(frames)))
        for message in messages:
            if not isinstance(message, Frame):
                yield message
                continue
            scores = next(scored)
            if scores is not None:
                self._frames += 1
                yield scores
