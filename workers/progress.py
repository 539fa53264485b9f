"""Which messages were already judged: delivery is at least once, so a unit may come again."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clocks import AHEAD, SET_BACK
from domain.frames import Frame
from domain.ports import ScoreStore, StreamStore
from domain.units import StreamMessage

_LATER = timedelta(days=1)
_LEAP = 1_000_000
"""Frames of one session between two that arrive: eleven hours at 25 a second, all dropped."""


@dataclass(frozen=True, slots=True)
class _Reached:
    """`sequence` is the last frame judged, `seen` the highest number any message named, None before one did."""

    sequence: int = -1
    status_at: datetime | None = None
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class StoredProgress:
    """How far a stream's last session is judged and stored."""

    session_id: str
    sequence: int
    status_at: datetime


def stored_progress(
    streams: StreamStore, scores: ScoreStore, stream_id: str, now: datetime | None = None
) -> StoredProgress | None:
    """Return it, None for a stream of which no status is stored. Raises `StoreUnavailable`.

    Messages of a stream are judged in order, so what came before the last status stored was judged before it. Sessions
    later than `now` are left out: a clock that was wrong made them, and none of them goes on.
    """
    sessions = streams.sessions(stream_id)
    if now is not None:
        sessions = [each for each in sessions if each.last_seen_at <= now + AHEAD]
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

    def is_repeat(self, message: StreamMessage, now: datetime | None = None) -> bool:
        """Say whether this message, or a later one of its kind in its session, was judged before.

        A status of later than `now` stands in no other's way: its clock was wrong, and has been set back.
        """
        reached = self._reached.get(_key(message))
        if reached is None:
            return False
        if isinstance(message, Frame):
            return message.ref.sequence <= reached.sequence
        if reached.status_at is None or (now is not None and reached.status_at - now > SET_BACK):
            return False
        return message.received_at <= reached.status_at

    def leaps(self, message: StreamMessage) -> bool:
        """Say whether a message's number is so far on that it would hide all that its session sends from now on."""
        reached = self._reached.get(_key(message))
        return reached is not None and reached.seen is not None and _sequence(message) - reached.seen > _LEAP

    def resume(self, stream_id: str, stored: "StoredProgress") -> None:
        """Go on from what is stored, by whichever worker."""
        reached = _Reached(stored.sequence, stored.status_at, stored.sequence)
        self._reached[stream_id, stored.session_id] = reached

    def note(self, message: StreamMessage) -> None:
        """Record that this message was judged and stored."""
        key = _key(message)
        before = self._reached.get(key, _Reached())
        sequence = _sequence(message)
        seen = sequence if before.seen is None else max(before.seen, sequence)
        if isinstance(message, Frame):
            after = _Reached(max(before.sequence, sequence), before.status_at, seen)
        else:
            after = _Reached(before.sequence, message.received_at, seen)
        self._reached[key] = after
        self._reached.move_to_end(key)
        while len(self._reached) > self._max_sessions:
            self._reached.popitem(last=False)


def _key(message: StreamMessage) -> tuple[str, str]:
    if isinstance(message, Frame):
        return message.ref.stream_id, message.ref.session_id
    return message.stream_id, message.session_id


def _sequence(message: StreamMessage) -> int:
    return message.ref.sequence if isinstance(message, Frame) else message.sequence
