"""What is kept of each stream between units, for temporal detectors and for models that judge it now and then.

A new session starts with nothing.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from workers.frame_scoring.model_schedule import ModelSchedule

TemporalRows = Mapping[str, Tensor]
"""Detector name → one row of what `TemporalDetector.remember` returned, without the batch dimension."""


@dataclass(frozen=True, slots=True)
class _RememberedPicture:
    session_id: str
    rows: TemporalRows


class StreamMemory:
    """The last rows of each stream; beyond `max_streams` the stream unheard for longest is forgotten."""

    def __init__(self, max_streams: int = 4096) -> None:
        self._max_streams = max_streams
        self._entries: OrderedDict[str, _RememberedPicture] = OrderedDict()
        self._looks: OrderedDict[str, ModelSchedule] = OrderedDict()

    def looks(self, stream_id: str, session_id: str) -> ModelSchedule:
        """Return what the models saw of this session, to be read and written."""
        looks = self._looks.get(stream_id)
        if looks is None or looks.session_id != session_id:
            looks = self._looks[stream_id] = ModelSchedule(session_id)
        self._looks.move_to_end(stream_id)
        while len(self._looks) > self._max_streams:
            self._looks.popitem(last=False)
        return looks

    def recall(self, stream_id: str, session_id: str) -> TemporalRows:
        """Return what is known of this session's last picture; empty when nothing is."""
        entry = self._entries.get(stream_id)
        return entry.rows if entry is not None and entry.session_id == session_id else {}

    def remember(self, stream_id: str, session_id: str, rows: TemporalRows) -> None:
        """Replace what is known of the stream. Rows are copied: a view would keep its whole batch alive."""
        self._entries[stream_id] = _RememberedPicture(session_id, {name: row.clone() for name, row in rows.items()})
        self._entries.move_to_end(stream_id)
        while len(self._entries) > self._max_streams:
            self._entries.popitem(last=False)

    def forget(self, stream_id: str) -> None:
        self._entries.pop(stream_id, None)
        self._looks.pop(stream_id, None)

    def __len__(self) -> int:
        return len(self._entries)
