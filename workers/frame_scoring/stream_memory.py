"""What is kept of each stream between batches for models that run now and then.

A new session starts with nothing.
"""

from collections import OrderedDict

from workers.frame_scoring.model_schedule import ModelSchedule


class StreamMemory:
    """The schedule of each stream; beyond `max_streams` the stream unheard for longest is forgotten."""

    def __init__(self, max_streams: int = 4096) -> None:
        self._max_streams = max_streams
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

    def forget(self, stream_id: str) -> None:
        self._looks.pop(stream_id, None)

    def __len__(self) -> int:
        return len(self._looks)
