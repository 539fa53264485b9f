"""Frames in, numbers out: the one scoring path of the live worker, `score`, `watch` and the benchmarks.

Metrics come with the frame, or are measured here where they do not. Pictures that a model judges are grouped by format
and uploaded once. A batch that fails is scored again frame by frame, so that one bad frame costs nothing but itself.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from detectors.metrics.meter import PictureMeter
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
from workers.frame_scoring.tensor_batches import TensorBatchLimits, form_tensor_batches

_log = logging.getLogger(__name__)

FRAME_ERRORS = (FrameRejected, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
"""What numpy and torch raise over one picture, running out of memory included."""


@dataclass(frozen=True, slots=True)
class ScoredFrames:
    """What became of the frames given: an index is either in `scores` or, with its reason, in `rejected`."""

    scores: Mapping[int, FrameScores]
    rejected: Mapping[int, str]

    def by_place(self, count: int) -> list[FrameScores | None]:
        """Return the scores of each of `count` frames in the order given, None for a rejected one."""
        return [self.scores.get(index) for index in range(count)]


class FrameScorer:
    """Scores frames of any mix of streams and formats, and remembers of each stream what its next frame needs."""

    def __init__(
        self,
        detectors: DetectorSet,
        device: torch.device,
        bounds: TensorBatchLimits | None = None,
        memory: StreamMemory | None = None,
    ) -> None:
        self._device = device
        self._bounds = bounds or TensorBatchLimits()
        self._memory = memory if memory is not None else StreamMemory()
        self._meter = PictureMeter(detectors.metrics)
        self._always = tuple(model for model in detectors.models if model.name not in detectors.every_s)
        self._periodic = PeriodicModelScorer(detectors, self._memory)

    def forget(self, stream_id: str) -> None:
        """Forget what is remembered of a stream."""
        self._memory.forget(stream_id)
        self._meter.forget(stream_id)

    def score(
        self, frames: Sequence[Frame], masks: Sequence[tuple[Mask, ...]] = (), *, behind: bool = False
    ) -> ScoredFrames:
        """Score `frames`, each stream's in order. `masks` gives each frame's masked regions, empty for none at all.

        Where scoring is `behind`, models that judge now and then run later (`ModelSchedule`). Never raises for a
        picture: a frame that cannot be scored is in `rejected`.
        """
        rows: dict[int, FrameRow] = {}
        rejected: dict[int, str] = {}
        for index, frame in enumerate(frames):
            try:
                measured = frame.measured or self._meter.measure(frame, masks[index] if masks else ())
                rows[index] = FrameRow.of(frame, measured)
            except FRAME_ERRORS as error:
                rejected[index] = _error_reason(error)
        for row in rows.values():
            row.due = self._periodic.due(row.frame, behind=behind)
        self._ask_models(rows, masks, rejected)
        return ScoredFrames(
            {index: self._frame_scores(row) for index, row in rows.items() if index not in rejected}, rejected
        )

    def _ask_models(
        self, rows: Mapping[int, FrameRow], masks: Sequence[tuple[Mask, ...]], rejected: dict[int, str]
    ) -> None:
        """Upload the pictures that a model judges and ask it."""
        indices = [index for index, row in rows.items() if row.frame.has_picture and (self._always or row.due)]
        if not indices:
            return
        masked = [bool(masks and masks[index]) for index in indices]
        with torch.inference_mode():
            for batch in form_tensor_batches([rows[index].frame for index in indices], self._bounds, masked):
                self._score_batch([indices[place] for place in batch], rows, masks, rejected)

    def _score_batch(
        self,
        batch: Sequence[int],
        rows: Mapping[int, FrameRow],
        masks: Sequence[tuple[Mask, ...]],
        rejected: dict[int, str],
    ) -> None:
        try:
            chosen = [rows[index] for index in batch]
            uploaded = upload_pictures(
                [row.frame for row in chosen], self._device, [masks[index] for index in batch] if masks else ()
            )
            for row, numbers in zip(chosen, self._numbers(uploaded), strict=True):
                row.take(numbers)
                row.models.update({model.name: model.fingerprint for model in self._always})
            self._periodic.score(uploaded, chosen)
        except FRAME_ERRORS as error:
            if len(batch) == 1:
                rejected[batch[0]] = _error_reason(error)
                return
            _log.warning("a batch of %d frames failed (%s); scoring them one by one", len(batch), _error_reason(error))
            for index in batch:
                self._score_batch([index], rows, masks, rejected)

    def _numbers(self, uploaded: Pictures) -> Iterable[dict[str, float]]:
        numbers: dict[str, Tensor] = {}
        for model in self._always:
            numbers.update(model.score(uploaded))
        return rows_from_columns(numbers, len(uploaded))

    def _frame_scores(self, row: FrameRow) -> FrameScores:
        frame = row.frame
        return FrameScores(
            ref=frame.ref,
            values=row.numbers,
            missing=row.missing,
            models=row.models,
            structure=row.structure,
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
