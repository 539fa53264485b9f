"""Which messages were already judged: delivery is at least once, so a unit may come again."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.frames import Frame
from domain.ports import ScoreStore, StreamStore
from domain.units import StreamMessage

_LATER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Reached:
    sequence: int = -1
    status_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredProgress:
    """How far a stream's last session is judged and stored."""

    session_id: str
    sequence: int
    status_at: datetime


def stored_progress(streams: StreamStore, scores: ScoreStore, stream_id: str) -> StoredProgress | None:
    """Return it, None for a stream of which no status is stored. Raises `StoreUnavailable`.

    Messages of a stream are judged in order, so what came before the last status stored was judged before it.
    """
    sessions = streams.sessions(stream_id, limit=1)
    if not sessions:
        return None
    last = sessions[0]
    later = scores.frames(stream_id, last.last_seen_at, last.last_seen_at + _LATER)
    numbers = [each.ref.sequence for each in later if each.ref.session_id == last.session_id]
    return StoredProgress(last.session_id, max([last.frames_offered - 1, *numbers]), last.last_seen_at)


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

    def resume(self, stream_id: str, stored: "StoredProgress") -> None:
        """Go on from what is stored, by whichever worker."""
        self._reached[stream_id, stored.session_id] = _Reached(stored.sequence, stored.status_at)

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
