"""Evaluates recordings as the live path would: same plan, detectors, windows and rules, on the recording's own time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from detectors.metric_table import read_every_metric
from detectors.registry import DetectorSet
from domain.cameras import Camera, ConnectionState, SamplingPlan, StreamStatus
from domain.errors import SourceUnavailable
from domain.faults import Fault, Verdict, VerdictState
from domain.frames import Frame
from domain.metrics import FrameScores
from domain.ports import Clock, FrameSource
from domain.text.camera_urls import clean_camera_url
from domain.text.plain_text import escape_invisible
from evaluation.evaluate import evaluate_observation
from evaluation.policy import Policy
from ingest.limits import ReadingLimits
from ingest.read.recordings import file_address
from ingest.read.stream_source import Pace, StreamSource, open_source
from sightline.config.settings import Settings
from sightline.models.configured_models import configure_detectors
from sightline.runtime.clock import SystemClock
from sightline.standalone.inputs import ScoreInput
from workers.frame_scoring.device import resolve_device, use_threads
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.frame_scoring.tensor_batches import TensorBatchLimits, tensor_batch_size
from workers.stream_evaluator import make_fresh_state

STATUS_INTERVAL = timedelta(seconds=2)
NO_CONNECTION = "a recording has no connection"
CONNECTION_FAULTS = frozenset({Fault.SIGNAL_LOSS, Fault.NO_FRAMES, Fault.LOGIN_REFUSED, Fault.CODEC_UNSUPPORTED})


@dataclass(frozen=True, slots=True)
class EvaluatedFrame:
    """One frame's numbers and the verdict on every fault at that moment. `at_s` counts from the first frame."""

    source: str
    sequence: int
    """Counts the frames that were evaluated."""
    pts_s: float | None
    """As in the file, None where it has none."""
    at_s: float
    values: Mapping[str, float]
    missing: Mapping[str, str]
    """Metrics without a value, with the reason."""
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class RejectedFrame:
    """A frame that could not be scored, and why."""

    source: str
    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class _FrameWithStatus:
    """A frame, and the stream's counters at that moment where a new status is due."""

    frame: Frame
    status: StreamStatus | None


class ClipEvaluator:
    """Evaluates the frames of one source in order, in batches of one format."""

    def __init__(
        self, camera: Camera, scorer: FrameScorer, policy: Policy, *, bounds: TensorBatchLimits, recorded: bool = True
    ) -> None:
        self._camera = camera
        self._scorer = scorer
        self._policy = policy
        self._bounds = bounds
        self._recorded = recorded
        self._state = make_fresh_state(camera)
        self._first_at: datetime | None = None
        self._status_at: datetime | None = None

    def evaluate(self, source: FrameSource) -> Iterator[EvaluatedFrame | RejectedFrame]:
        """Yield every frame of the source. Raises `SourceUnavailable` where it cannot be read, or no further."""
        for batch in self._batches(source):
            yield from self._evaluate_batch(batch)

    def _batches(self, source: FrameSource) -> Iterator[Sequence[_FrameWithStatus]]:
        batch: list[_FrameWithStatus] = []
        try:
            for frame in source.frames():
                if batch and frame.format != batch[0].frame.format:
                    yield batch
                    batch = []
                batch.append(_FrameWithStatus(frame, self._status(source, frame)))
                if len(batch) >= tensor_batch_size(frame.format, self._bounds):
                    yield batch
                    batch = []
        except SourceUnavailable:
            # A source that breaks off still leaves whole frames, and they are evaluated before the error is raised.
            if batch:
                yield batch
            raise
        if batch:
            yield batch

    def _status(self, source: FrameSource, frame: Frame) -> StreamStatus | None:
        """Tell every two seconds what was counted, as ingest does of a live stream."""
        at = frame.ref.received_at
        if self._status_at is not None and at - self._status_at < STATUS_INTERVAL:
            return None
        self._status_at = at
        return StreamStatus(
            stream_id=self._camera.name,
            session_id=frame.ref.session_id,
            sequence=frame.ref.sequence,
            received_at=at,
            state=ConnectionState.LIVE,
            last_frame_at=at,
            counters=source.counters(),
            plan=self._camera.plan,
        )

    def _evaluate_batch(self, batch: Sequence[_FrameWithStatus]) -> Iterator[EvaluatedFrame | RejectedFrame]:
        scored = self._scorer.score([noted.frame for noted in batch])
        for index, noted in enumerate(batch):
            if noted.status is not None:
                self._state = evaluate_observation(self._state, self._camera, noted.status, self._policy).state
            if index in scored.rejected:
                yield RejectedFrame(self._camera.name, noted.frame.ref.sequence, scored.rejected[index])
            else:
                yield self._evaluate_frame(scored.scores[index])

    def _evaluate_frame(self, scores: FrameScores) -> EvaluatedFrame:
        evaluation = evaluate_observation(self._state, self._camera, scores, self._policy)
        self._state = evaluation.state
        ref = scores.ref
        self._first_at = self._first_at or ref.received_at
        return EvaluatedFrame(
            source=self._camera.name,
            sequence=ref.sequence,
            pts_s=ref.pts_s,
            at_s=(ref.received_at - self._first_at).total_seconds(),
            values=scores.values,
            missing=scores.missing,
            verdicts=tuple(_without_connection(v) for v in evaluation.verdicts)
            if self._recorded
            else evaluation.verdicts,
        )


def _without_connection(verdict: Verdict) -> Verdict:
    if verdict.fault in CONNECTION_FAULTS:
        return Verdict(verdict.fault, VerdictState.NOT_ASSESSABLE, NO_CONNECTION)
    return verdict


OpenSource = Callable[[Camera, Clock], FrameSource]


def open_at_full_speed(limits: ReadingLimits) -> OpenSource:
    """Return how a source is opened: a recording is read as fast as it decodes and evaluated on its own time."""
    return lambda camera, clock: open_source(camera, clock, pace=Pace.FULL_SPEED, limits=limits)


class ScoringRun:
    """Evaluates one source after the other. Raises `ConfigError` for a device that is not there."""

    def __init__(
        self,
        *,
        plan: SamplingPlan,
        settings: Settings | None = None,
        device: str | None = None,
        live_for_s: float = 30.0,
        open_with: OpenSource | None = None,
        detectors: DetectorSet | None = None,
    ) -> None:
        """Of `settings` count the limits of reading, device, threads, and what chooses detectors and models.

        `device` takes the place of the settings' own; `detectors` are those to judge with where they are built already.
        """
        settings = settings or Settings()
        self._plan = plan
        self._live_for_s = live_for_s
        self._open = open_with or open_at_full_speed(settings.ingest.limits())
        self.track = ""
        """Which of several video tracks of the current source is evaluated, "" where there is one."""
        self._clock = SystemClock()
        self._device = resolve_device(device or settings.device)
        use_threads(settings.threads)
        self._detectors = detectors or configure_detectors(settings)

    def evaluate(self, source: ScoreInput) -> Iterator[EvaluatedFrame | RejectedFrame]:
        """Yield every frame of a source with its verdicts.

        Raises `ConfigError` for an address that may not be read, `SourceUnavailable` where it cannot be, or no further.
        """
        self.track = ""
        url = file_address(source.address) if source.is_file else clean_camera_url(source.address, where="address")
        camera = Camera(name=escape_invisible(source.address), url=url, plan=self._plan)
        patience = Policy.for_pictures() if source.is_picture else Policy.for_clips()
        policy = replace(patience, metrics=read_every_metric())
        bounds = TensorBatchLimits(max_frames=1) if source.is_live else TensorBatchLimits.for_device(self._device.type)
        scorer = FrameScorer(self._detectors, self._device, bounds)
        evaluator = ClipEvaluator(camera, scorer, policy, bounds=bounds, recorded=not source.is_live)
        with closing(self._open(camera, self._clock)) as opened:
            for frame in evaluator.evaluate(opened):
                self.track = opened.track if isinstance(opened, StreamSource) else ""
                yield frame
                if source.is_live and isinstance(frame, EvaluatedFrame) and frame.at_s >= self._live_for_s:
                    return
