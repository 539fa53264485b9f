"""Measures the pictures of any number of streams in order, and holds of each stream what its next picture needs."""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from detectors.metrics.functional.edge_directions import pack_structure
from detectors.metrics.measure import ALL_METRICS, MetricSet, compare_pictures, measure_picture
from detectors.metrics.motion import RememberedPicture
from domain.cameras import Mask
from domain.frames import Frame, FrameMeasurement

NOT_MEASURABLE = "cannot be measured in this picture"
NO_EARLIER_PICTURE = "no earlier picture yet"
OTHER_SIZE = "the picture before had another size"
NOT_COMPARABLE = "cannot be compared with the picture before"


class PictureMeter:
    """One a reading process or worker. Not safe for two threads at once."""

    def __init__(self, metrics: MetricSet = ALL_METRICS, max_streams: int = 4096) -> None:
        """Beyond `max_streams` the stream unheard for longest is forgotten."""
        self._metrics = metrics
        self._fingerprints = metrics.fingerprints
        self._max_streams = max_streams
        self._before: OrderedDict[str, tuple[str, RememberedPicture]] = OrderedDict()

    def measure(self, frame: Frame, masks: Sequence[Mask] = ()) -> FrameMeasurement:
        """Return the numbers of a frame, compared with the one before it in its session; each stream's come in order.

        Raises `FrameRejected` where the frame's planes do not fit its format; nothing is remembered of it.
        """
        numbers = measure_picture(frame, masks, self._metrics)
        values: dict[str, float] = {}
        missing: dict[str, str] = {}
        _take(numbers.values, NOT_MEASURABLE, values, missing)
        if self._metrics.motion is not None:
            before = self._exchange(frame, numbers.remembered)
            changes = None if before is None else compare_pictures(numbers.remembered, before)
            if changes is None:
                reason = NO_EARLIER_PICTURE if before is None else OTHER_SIZE
                missing.update(dict.fromkeys((spec.key for spec in self._metrics.motion.metrics), reason))
            else:
                _take(changes, NOT_COMPARABLE, values, missing)
        return FrameMeasurement(values, missing, dict(self._fingerprints), pack_structure(numbers.structure))

    def forget(self, stream_id: str) -> None:
        """Let a stream begin again, as if it had not been seen."""
        self._before.pop(stream_id, None)

    def __len__(self) -> int:
        return len(self._before)

    def _exchange(self, frame: Frame, remembered: RememberedPicture) -> RememberedPicture | None:
        """Remember this picture of its stream and return the one before it, None where its session has none."""
        ref = frame.ref
        session_id, before = self._before.pop(ref.stream_id, ("", None))
        self._before[ref.stream_id] = (ref.session_id, remembered)
        while len(self._before) > self._max_streams:
            self._before.popitem(last=False)
        return before if session_id == ref.session_id else None


def _take(numbers: Mapping[str, float], reason: str, values: dict[str, float], missing: dict[str, str]) -> None:
    """Keep the finite numbers; the others are missing with a reason, never zero."""
    for key, value in numbers.items():
        if math.isfinite(value):
            values[key] = value
        else:
            missing[key] = reason
