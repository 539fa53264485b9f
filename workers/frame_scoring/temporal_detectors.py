"""Pairs each picture with the one before it in its session, from the same unit or from memory, and compares them."""

import logging
from collections.abc import Sequence

import torch
from torch import Tensor

from detectors.models.pictures import TemporalDetector
from workers.frame_scoring.frame_row import FrameRow, rows_from_columns
from workers.frame_scoring.stream_memory import StreamMemory, TemporalRows

_log = logging.getLogger(__name__)

NO_EARLIER_PICTURE = "no earlier picture yet"
OTHER_SIZE = "the picture before had another size"
NOT_COMPARABLE = "cannot be compared with the picture before"


class TemporalScorer:
    """Asks every temporal detector about each picture that has an earlier one."""

    def __init__(self, detectors: Sequence[TemporalDetector]) -> None:
        self._detectors = tuple(detectors)

    def score(self, rows: Sequence[FrameRow], memory: StreamMemory) -> None:
        """Fill in the temporal numbers of `rows` (each stream's in order), and move `memory` on to the last ones."""
        before = _recall_and_remember(rows, memory)
        for detector in self._detectors:
            self._compare(detector, rows, before)

    def _compare(self, detector: TemporalDetector, rows: Sequence[FrameRow], before: Sequence[TemporalRows]) -> None:
        by_shape: dict[torch.Size, list[int]] = {}
        for index, row in enumerate(rows):
            earlier, now = before[index].get(detector.name), row.remembered[detector.name]
            if earlier is None:
                _mark_missing(detector, row, NO_EARLIER_PICTURE)
            elif earlier.shape != now.shape:
                _mark_missing(detector, row, OTHER_SIZE)
            else:
                by_shape.setdefault(now.shape, []).append(index)
        for members in by_shape.values():
            self._compare_same_size(detector, [rows[i] for i in members], [before[i][detector.name] for i in members])

    def _compare_same_size(
        self, detector: TemporalDetector, rows: Sequence[FrameRow], before: Sequence[Tensor]
    ) -> None:
        try:
            now = torch.stack([row.remembered[detector.name] for row in rows])
            numbers = rows_from_columns(detector.score(now, torch.stack(list(before))), len(rows))
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
            if len(rows) == 1:
                _log.warning("%s cannot compare two pictures of %s: %s", detector.name, rows[0].frame.ref, error)
                _mark_missing(detector, rows[0], NOT_COMPARABLE)
                return
            for row, earlier in zip(rows, before, strict=True):
                self._compare_same_size(detector, [row], [earlier])
            return
        for row, line in zip(rows, numbers, strict=True):
            row.take(line, NOT_COMPARABLE)


def _recall_and_remember(rows: Sequence[FrameRow], memory: StreamMemory) -> list[TemporalRows]:
    """Return for each row what was remembered of the picture before it, and remember the last of each stream."""
    before: list[TemporalRows] = []
    latest: dict[str, FrameRow] = {}
    for row in rows:
        ref = row.frame.ref
        previous = latest.get(ref.stream_id)
        if previous is not None and previous.frame.ref.session_id == ref.session_id:
            before.append(previous.remembered)
        else:
            before.append(memory.recall(ref.stream_id, ref.session_id))
        latest[ref.stream_id] = row
    for stream_id, row in latest.items():
        memory.remember(stream_id, row.frame.ref.session_id, row.remembered)
    return before


def _mark_missing(detector: TemporalDetector, row: FrameRow, reason: str) -> None:
    for metric in detector.metrics:
        row.missing[metric.key] = reason
