"""Frames in, numbers out: the one scoring path of the live worker, `score`, `watch` and the benchmarks.

Group by format, upload once, ask every detector. A batch that fails is scored again frame by frame, so that one bad
frame costs nothing but itself.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from detectors.models.pictures import Pictures
from detectors.registry import DetectorSet
from domain.cameras import Mask
from domain.errors import FrameRejected
from domain.frames import Frame
from domain.metrics import FrameScores
from domain.text.camera_urls import redact_text
from workers.frame_scoring.frame_row import FrameRow, rows_from_columns
from workers.frame_scoring.periodic_models import PeriodicModelScorer
from workers.frame_scoring.preprocessing import upload_pictures
from workers.frame_scoring.stream_memory import StreamMemory
from workers.frame_scoring.temporal_detectors import TemporalScorer
from workers.frame_scoring.tensor_batches import TensorBatchLimits, form_tensor_batches

_log = logging.getLogger(__name__)

FRAME_ERRORS = (FrameRejected, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
"""What numpy and torch raise over one picture, running out of memory included."""


@dataclass(frozen=True, slots=True)
class ScoredFrames:
    """What became of the frames given: an index stands either in `scores` or, with its reason, in `rejected`."""

    scores: Mapping[int, FrameScores]
    rejected: Mapping[int, str]

    def by_place(self, count: int) -> list[FrameScores | None]:
        """Return the scores of each of `count` frames in the order given, None for a rejected one."""
        return [self.scores.get(index) for index in range(count)]


@dataclass(frozen=True, slots=True)
class _ScoringRequest:
    """The frames of one unit, what is masked of each, and which models judge it beside the detectors that always do."""

    frames: Sequence[Frame]
    masks: Sequence[tuple[Mask, ...]]
    due: Sequence[frozenset[str]]


class FrameScorer:
    """Scores frames of any mix of streams and formats, and remembers per stream what temporal detectors need."""

    def __init__(
        self,
        detectors: DetectorSet,
        device: torch.device,
        bounds: TensorBatchLimits | None = None,
        memory: StreamMemory | None = None,
    ) -> None:
        self._detectors = detectors
        self._device = device
        self._bounds = bounds or TensorBatchLimits()
        self._memory = memory if memory is not None else StreamMemory()
        self._temporal = TemporalScorer(detectors.temporal)
        self._always = tuple(part for part in detectors.detectors if part.name not in detectors.every_s)
        self._models = {part.name: part.fingerprint for part in self._always}
        self._models |= {part.name: part.fingerprint for part in detectors.temporal}
        self._models[detectors.structure.name] = detectors.structure.fingerprint
        self._periodic = PeriodicModelScorer(detectors, self._memory)

    @property
    def memory(self) -> StreamMemory:
        return self._memory

    def score(self, frames: Sequence[Frame], masks: Sequence[tuple[Mask, ...]] = ()) -> ScoredFrames:
        """Score `frames`, each stream's in order. `masks` gives each frame's masked regions, empty for none at all.

        Never raises for a picture: a frame that cannot be scored is in `rejected`.
        """
        rows: dict[int, FrameRow] = {}
        rejected: dict[int, str] = {}
        wanted = _ScoringRequest(frames, masks, self._periodic.due(frames))
        with torch.inference_mode():
            for batch in form_tensor_batches(frames, self._bounds, [bool(mask) for mask in masks]):
                self._score_batch(wanted, batch, rows, rejected)
            self._temporal.score([rows[index] for index in sorted(rows)], self._memory)
            scores = {index: self._frame_scores(row) for index, row in sorted(rows.items())}
        return ScoredFrames(scores, rejected)

    def _score_batch(
        self, wanted: "_ScoringRequest", batch: tuple[int, ...], rows: dict[int, FrameRow], rejected: dict[int, str]
    ) -> None:
        try:
            rows.update(zip(batch, self._score_together(wanted, batch), strict=True))
        except FRAME_ERRORS as error:
            if len(batch) == 1:
                rejected[batch[0]] = _error_reason(error)
                return
            _log.warning("a batch of %d frames failed (%s); scoring them one by one", len(batch), _error_reason(error))
            for index in batch:
                self._score_batch(wanted, (index,), rows, rejected)

    def _score_together(self, wanted: "_ScoringRequest", batch: tuple[int, ...]) -> list[FrameRow]:
        frames = [wanted.frames[index] for index in batch]
        uploaded = upload_pictures(
            frames, self._device, [wanted.masks[index] for index in batch] if wanted.masks else ()
        )
        rows = [FrameRow(wanted.frames[index], wanted.due[index], dict(self._models)) for index in batch]
        for row, numbers in zip(rows, self._numbers(uploaded), strict=True):
            row.take(numbers)
        self._periodic.score(uploaded, rows)
        structures = self._detectors.structure.describe(uploaded).cpu()
        for index, row in enumerate(rows):
            row.structure = structures[index]
        for detector in self._detectors.temporal:
            remembered = detector.remember(uploaded)
            for index, row in enumerate(rows):
                row.remembered[detector.name] = remembered[index]
        return rows

    def _numbers(self, uploaded: Pictures) -> Iterable[dict[str, float]]:
        found: dict[str, Tensor] = {}
        for detector in self._always:
            found.update(detector.score(uploaded))
        return rows_from_columns(found, len(uploaded))

    def _frame_scores(self, row: FrameRow) -> FrameScores:
        frame = row.frame
        return FrameScores(
            ref=frame.ref,
            values=row.numbers,
            missing=row.missing,
            models=row.models,
            structure=None if row.structure is None else row.structure.numpy().copy(),
            earlier=self._periodic.earlier(row),
            width=frame.format.width,
            height=frame.format.height,
            key_frame=frame.key_frame,
            corrupt=frame.corrupt,
            qp=frame.qp,
        )


def _error_reason(error: BaseException) -> str:
    text = redact_text(str(error)).strip().splitlines()
    first = text[0] if text else type(error).__name__
    return first if isinstance(error, FrameRejected) else f"{type(error).__name__}: {first}"
