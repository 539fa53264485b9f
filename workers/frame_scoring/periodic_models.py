"""Asks the models that judge a stream's pictures now and then, and keeps poor pictures from those behind the gate."""

import logging
from collections.abc import Mapping, Sequence

from detectors.models.pictures import Detector, Pictures
from detectors.registry import DetectorSet
from domain.frames import Frame
from domain.metrics import TimedValue
from workers.frame_scoring.frame_row import FrameRow, rows_from_columns
from workers.frame_scoring.stream_memory import StreamMemory

_log = logging.getLogger(__name__)

FAILED = "the model failed on this picture; see the log"
MODEL_ERRORS = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


class _Chosen:
    """Some rows of a batch, one object for the same rows."""

    def __init__(self, uploaded: Pictures) -> None:
        self._uploaded = uploaded
        self._kept: dict[tuple[int, ...], Pictures] = {}

    def pictures(self, rows: Sequence[int]) -> Pictures:
        key = tuple(rows)
        if key not in self._kept:
            self._kept[key] = self._uploaded.select(rows)
        return self._kept[key]


class PeriodicModelScorer:
    """Judges the frames that are due. What a frame scores depends on it alone; whether it is due, on earlier times."""

    def __init__(self, detectors: DetectorSet, memory: StreamMemory) -> None:
        self._every_s = detectors.every_s
        self._gate = detectors.gate
        seldom = [part for part in detectors.models if part.name in detectors.every_s]
        self._open = [part for part in seldom if part.name not in detectors.gated]
        self._gated = [part for part in seldom if part.name in detectors.gated]
        self._memory = memory

    def due(self, frame: Frame, *, behind: bool = False) -> frozenset[str]:
        """Return which models judge a frame, none without its picture; frames of a stream come in order.

        Where scoring is `behind`, runs give way to frames (`ModelSchedule`).
        """
        if not self._every_s or not frame.has_picture:
            return frozenset()
        ref = frame.ref
        return self._memory.schedule(ref.stream_id, ref.session_id).due(ref.received_at, self._every_s, behind=behind)

    def score(self, uploaded: Pictures, rows: Sequence[FrameRow]) -> None:
        """Fill in the numbers of the rows that are due; those of a gated model only where the gate lets them pass.

        Models that are due on the same rows see one object: what the first derives of the pictures, the others find.
        """
        chosen = _Chosen(uploaded)
        for detector in self._open:
            self._ask(detector, chosen, rows, [i for i, row in enumerate(rows) if detector.name in row.due])
        objections = [self._objection(row) for row in rows]
        for detector in self._gated:
            due = [i for i, row in enumerate(rows) if detector.name in row.due]
            for index in due:
                if objections[index]:
                    rows[index].missing.update({spec.key: objections[index] for spec in detector.metrics})
            self._ask(detector, chosen, rows, [index for index in due if not objections[index]])

    def earlier(self, row: FrameRow) -> Mapping[str, TimedValue]:
        """Return what the models last measured before this frame and not in it; each stream's rows come in order."""
        if not self._every_s:
            return {}
        ref = row.frame.ref
        schedule = self._memory.schedule(ref.stream_id, ref.session_id)
        parts = [part for part in (*self._open, *self._gated) if part.name in row.due]
        keys = {spec.key for part in parts for spec in part.metrics}
        earlier = {key: measured for key, measured in schedule.measured.items() if key not in keys}
        now = {key: TimedValue(row.numbers[key], ref.received_at) for key in keys if key in row.numbers}
        schedule.measured = {**earlier, **now}
        return earlier

    def _ask(self, detector: Detector, chosen: "_Chosen", rows: Sequence[FrameRow], due: Sequence[int]) -> None:
        if not due:
            return
        try:
            numbers = rows_from_columns(detector.score(chosen.pictures(due)), len(due))
        except MODEL_ERRORS as error:
            self._score_one_by_one(detector, chosen, rows, due, error)
            return
        for index, line in zip(due, numbers, strict=True):
            rows[index].take(line)
            rows[index].models[detector.name] = detector.fingerprint

    def _score_one_by_one(
        self, detector: Detector, chosen: "_Chosen", rows: Sequence[FrameRow], due: Sequence[int], error: Exception
    ) -> None:
        """A model that trips over a picture costs that picture its own numbers, not those of every other detector."""
        if len(due) > 1:
            for index in due:
                self._ask(detector, chosen, rows, [index])
            return
        row = rows[due[0]]
        _log.warning("%s cannot judge %s: %s", detector.name, row.frame.ref, error)
        row.missing.update({spec.key: FAILED for spec in detector.metrics})

    def _objection(self, row: FrameRow) -> str:
        """Why the gate keeps this picture back, or ""; the quality counts until the next time it is judged."""
        if self._gate is None:
            return ""
        ref = row.frame.ref
        schedule = self._memory.schedule(ref.stream_id, ref.session_id)
        schedule.quality = row.numbers.get(self._gate.metric, schedule.quality)
        return self._gate.objection(schedule.quality)
