"""Measures each sampled frame before it leaves, and decides whether its picture is sent with the numbers.

A picture is sent when a model is due for its stream, or when somebody views the camera now. By received time alone, so
that workers, who apply the same rule to the pictures they get, ask the same models.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from zlib import crc32

from detectors.metrics.measure import choose_metrics
from detectors.metrics.meter import PictureMeter
from domain.cameras import Mask
from domain.errors import FrameRejected
from domain.frames import Frame, FrameRef
from domain.model_schedule import due_models

MEASURING_ERRORS = (FrameRejected, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
"""What OpenCV and numpy raise over one picture."""

_log = logging.getLogger(__name__)


def phase_of(stream_id: str) -> float:
    """Return a number from 0 to below 1 that differs between streams and is always the same for one."""
    return crc32(stream_id.encode("utf-8", "replace")) / 2**32


class PictureSchedule:
    """Which pictures models want, by when each model last got one of the session; its first one goes to all of them.

    After that one, a session pauses for one to two times the shortest interval, as long as its stream's phase says:
    cameras that began together, as all do when the program starts, would else want the models in the same second for
    ever.
    """

    def __init__(self, every_s: Mapping[str, float]) -> None:
        self._wanted_s = self._every_s = every_s
        self._shortest_s = min(every_s.values(), default=0.0)
        self._sent: dict[str, tuple[str, dict[str, datetime]]] = {}
        self._began: dict[str, datetime] = {}

    def is_due(self, ref: FrameRef) -> bool:
        """Whether a model judges this frame; frames of a stream come in order, the schedule moves on."""
        session_id, last = self._sent.get(ref.stream_id, ("", {}))
        if session_id != ref.session_id:
            last = {}
        if not last:
            self._began[ref.stream_id] = ref.received_at
        elif self._pauses(ref):
            return False
        due = due_models(last, ref.received_at, self._every_s)
        self._sent[ref.stream_id] = (ref.session_id, {**last, **dict.fromkeys(due, ref.received_at)})
        return bool(due)

    def _pauses(self, ref: FrameRef) -> bool:
        since_s = (ref.received_at - self._began[ref.stream_id]).total_seconds()
        return 0.0 <= since_s < self._shortest_s * (1.0 + phase_of(ref.stream_id))

    def forget(self, stream_id: str) -> None:
        self._sent.pop(stream_id, None)
        self._began.pop(stream_id, None)

    def keep_to(self, names: frozenset[str] | None) -> None:
        """Ask for pictures for these models alone, for None for every wanted one."""
        every_s = self._wanted_s
        self._every_s = every_s if names is None else {name: every_s[name] for name in every_s if name in names}
        self._shortest_s = min(self._every_s.values(), default=0.0)


class FrameMeasurer:
    """Adds its numbers to each frame that leaves. One thread calls `measure`; the rest may come from another."""

    def __init__(self, metrics: Collection[str] | None = None, every_s: Mapping[str, float] | None = None) -> None:
        """`metrics` names the groups to measure, None for all; `every_s` has the seconds between a model's pictures.

        Without `every_s` every picture is sent.
        """
        self._meter = PictureMeter(choose_metrics(metrics))
        self._schedule = None if every_s is None else PictureSchedule(every_s)
        self._masks: dict[str, tuple[Mask, ...]] = {}
        self._viewed: frozenset[str] = frozenset()

    def set_masks(self, stream_id: str, masks: tuple[Mask, ...]) -> None:
        """Leave these regions of a stream's pictures out."""
        self._masks[stream_id] = masks

    def set_viewed(self, stream_ids: frozenset[str]) -> None:
        """Send every picture of these streams: somebody views them."""
        self._viewed = stream_ids

    def set_models(self, names: frozenset[str] | None) -> None:
        """Send pictures for those models alone that workers have, for None for every wanted one."""
        if self._schedule is not None:
            self._schedule.keep_to(names)

    def measure(self, frame: Frame) -> Frame:
        """Return the frame with its numbers, and without its picture where nobody needs it.

        A frame that cannot be measured leaves as it is: the worker finds the same and says so.
        """
        ref = frame.ref
        try:
            measured = self._meter.measure(frame, self._masks.get(ref.stream_id, ()))
        except MEASURING_ERRORS as error:
            _log.warning("camera %s: a picture cannot be measured: %s", ref.stream_id, type(error).__name__)
            return frame
        due = self._schedule is None or self._schedule.is_due(ref)
        wanted = due or ref.stream_id in self._viewed
        return replace(frame, measured=measured, planes=frame.planes if wanted else ())
