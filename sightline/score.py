"""Judges recordings as the live path would: same plan, detectors, windows and rules, on the recording's own time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.evaluator import evaluate
from alerts.policy import Policy
from domain.errors import SourceUnavailable
from domain.frames import Frame
from domain.ports import FrameSource
from domain.quality import Fault, FrameScores, Verdict, VerdictState
from domain.streams import Camera, ConnectionState, StreamStatus
from workers.batching import BatchBounds, batch_size
from workers.judging import from_nothing
from workers.scorer import FrameScorer

STATUS_EVERY = timedelta(seconds=2)
NO_CONNECTION = "a recording has no connection"
CONNECTION_FAULTS = frozenset({Fault.SIGNAL_LOSS, Fault.NO_FRAMES, Fault.LOGIN_REFUSED, Fault.CODEC_UNSUPPORTED})


@dataclass(frozen=True, slots=True)
class JudgedFrame:
    """One frame's numbers, and what is said of every fault at that moment. `at_s` counts from the first frame."""

    source: str
    sequence: int
    pts_s: float | None
    at_s: float
    values: Mapping[str, float]
    missing: Mapping[str, str]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class RejectedFrame:
    """A frame that could not be scored, and why."""

    source: str
    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Noted:
    """A frame, and what was counted of its stream when it came, where that was told again."""

    frame: Frame
    status: StreamStatus | None


class ClipJudge:
    """Judges the frames of one source in order, in batches of one format, with everything that is said of them."""

    def __init__(
        self, camera: Camera, scorer: FrameScorer, policy: Policy, *, bounds: BatchBounds, recorded: bool = True
    ) -> None:
        self._camera = camera
        self._scorer = scorer
        self._policy = policy
        self._bounds = bounds
        self._recorded = recorded
        self._state = from_nothing(camera)
        self._first_at: datetime | None = None
        self._status_at: datetime | None = None

    def judged(self, source: FrameSource) -> Iterator[JudgedFrame | RejectedFrame]:
        """Yield every frame of the source. Raises `SourceUnavailable` where it cannot be read, or no further."""
        for batch in self._batches(source):
            yield from self._judged_batch(batch)

    def _batches(self, source: FrameSource) -> Iterator[Sequence[_Noted]]:
        batch: list[_Noted] = []
        try:
            for frame in source.frames():
                if batch and frame.format != batch[0].frame.format:
                    yield batch
                    batch = []
                batch.append(_Noted(frame, self._status(source, frame)))
                if len(batch) >= batch_size(frame.format, self._bounds):
                    yield batch
                    batch = []
        except SourceUnavailable:
            # A source that breaks off still leaves whole frames, and they are judged before the error is told.
            if batch:
                yield batch
            raise
        if batch:
            yield batch

    def _status(self, source: FrameSource, frame: Frame) -> StreamStatus | None:
        """Tell every two seconds what was counted, as ingest does of a live stream."""
        at = frame.ref.received_at
        if self._status_at is not None and at - self._status_at < STATUS_EVERY:
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

    def _judged_batch(self, batch: Sequence[_Noted]) -> Iterator[JudgedFrame | RejectedFrame]:
        scored = self._scorer.score([noted.frame for noted in batch])
        for index, noted in enumerate(batch):
            if noted.status is not None:
                self._state = evaluate(self._state, self._camera, noted.status, self._policy).state
            if index in scored.rejected:
                yield RejectedFrame(self._camera.name, noted.frame.ref.sequence, scored.rejected[index])
            else:
                yield self._judged_frame(scored.scores[index])

    def _judged_frame(self, scores: FrameScores) -> JudgedFrame:
        judged = evaluate(self._state, self._camera, scores, self._policy)
        self._state = judged.state
        ref = scores.ref
        self._first_at = self._first_at or ref.received_at
        return JudgedFrame(
            source=self._camera.name,
            sequence=ref.sequence,
            pts_s=ref.pts_s,
            at_s=(ref.received_at - self._first_at).total_seconds(),
            values=scores.values,
            missing=scores.missing,
            verdicts=tuple(_of_recording(v) for v in judged.verdicts) if self._recorded else judged.verdicts,
        )


def _of_recording(verdict: Verdict) -> Verdict:
    if verdict.fault in CONNECTION_FAULTS:
        return Verdict(verdict.fault, VerdictState.NOT_ASSESSABLE, NO_CONNECTION)
    return verdict
