"""Which messages were already judged: delivery is at least once, so a unit may come again."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from domain.frames import Frame
from domain.units import StreamMessage


@dataclass(frozen=True, slots=True)
class _Reached:
    sequence: int = -1
    status_at: datetime | None = None


class Progress:
    """How far each session was judged. Bounded: beyond `max_sessions` the one unheard for longest is forgotten."""

    def __init__(self, max_sessions: int = 16_384) -> None:
        self._max_sessions = max_sessions
        self._reached: OrderedDict[tuple[str, str], _Reached] = OrderedDict()

    def is_repeat(self, message: StreamMessage) -> bool:
        """Say whether this message, or a later one of its kind in its session, was judged before."""
        reached = self._reached.get(_key(message))
        if reached is None:
            return False
        if isinstance(message, Frame):
            return message.ref.sequence <= reached.sequence
        return reached.status_at is not None and message.received_at <= reached.status_at

    def note(self, message: StreamMessage) -> None:
        """Record that this message was judged and stored."""
        key = _key(message)
        before = self._reached.get(key, _Reached())
        if isinstance(message, Frame):
            after = _Reached(max(before.sequence, message.ref.sequence), before.status_at)
        else:
            after = _Reached(before.sequence, message.received_at)
        self._reached[key] = after
        self._reached.move_to_end(key)
        while len(self._reached) > self._max_sessions:
            self._reached.popitem(last=False)


def _key(message: StreamMessage) -> tuple[str, str]:
    if isinstance(message, Frame):
        return message.ref.stream_id, message.ref.session_id
    return message.stream_id, message.session_id
