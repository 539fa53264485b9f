"""What is kept of each stream between batches for models that run now and then.

A new session starts with nothing.
"""

from collections import OrderedDict

from workers.frame_scoring.model_schedule import ModelSchedule


class StreamMemory:
    """The schedule of each stream; beyond `max_streams` the stream unheard for longest is forgotten."""

    def __init__(self, max_streams: int = 4096) -> None:
        self._max_streams = max_streams
        self._schedules: OrderedDict[str, ModelSchedule] = OrderedDict()

    def schedule(self, stream_id: str, session_id: str) -> ModelSchedule:
        """Return what the models saw of this session, to be read and written."""
        schedule = self._schedules.get(stream_id)
        if schedule is None or schedule.session_id != session_id:
            schedule = self._schedules[stream_id] = ModelSchedule(session_id)
        self._schedules.move_to_end(stream_id)
        while len(self._schedules) > self._max_streams:
            self._schedules.popitem(last=False)
        return schedule

    def forget(self, stream_id: str) -> None:
        self._schedules.pop(stream_id, None)

    def __len__(self) -> int:
        return len(self._schedules)
