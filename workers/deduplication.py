"""Which messages were already evaluated: delivery is at least once, so a batch may come again.

A repeat is recognised by the message itself, not by how far its session came: one forged number or time must not hide
the messages that follow. After a restart the stored progress counts until a new message of the stream arrives.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from domain.clocks import CLOCK_SKEW, FUTURE_TOLERANCE
from domain.frames import Frame, FrameRef
from domain.messages import StreamMessage
from domain.ports import ScoreStore, StreamStore

_LATER = timedelta(days=1)
_REMEMBERED = 128
"""Remembered messages of a session: more than one batch holds of a stream."""
_LARGEST_LEAP = 1_000_000
"""Most frames that can be missing between two that arrive: eleven hours at 25 a second, all dropped."""


@dataclass(slots=True)
class _Session:
    """What was evaluated of one session: its last messages, and the highest sequence of any, None before the first.

    `stored` is the progress in the store when this worker took the session over, None once a new message came.
    """

    seen_messages: deque[tuple[bool, int, datetime]] = field(default_factory=partial(deque, maxlen=_REMEMBERED))
    status_at: datetime | None = None
    highest_sequence: int | None = None
    stored: "StoredProgress | None" = None


@dataclass(frozen=True, slots=True)
class StoredProgress:
    """How far a stream's last session is stored: no frame with a higher sequence and none with a later time."""

    session_id: str
    sequence: int
    frame_at: datetime
    status_at: datetime


def load_stored_progress(
    streams: StreamStore, scores: ScoreStore, stream_id: str, now: datetime | None = None
) -> StoredProgress | None:
    """Return it, None for a stream of which no status is stored. Raises `StoreUnavailable`.

    Messages of a stream are evaluated in order, so what came before the last stored status was evaluated before it.
    Sessions later than `now` are left out: a wrong clock made them, and none of them continues.
    """
    sessions = streams.sessions(stream_id)
    if now is not None:
        sessions = [each for each in sessions if each.last_seen_at <= now + FUTURE_TOLERANCE]
    if not sessions:
        return None
    last = sessions[0]
    later = scores.frames(stream_id, last.last_seen_at, last.last_seen_at + _LATER)
    refs = [each.ref for each in later if each.ref.session_id == last.session_id]
    sequence = max([last.frames_offered - 1, *(ref.sequence for ref in refs)])
    frame_at = max([last.last_seen_at, *(ref.received_at for ref in refs)])
    # What waits to be delivered again was read before now; a later time is of a clock that was wrong.
    until = frame_at if now is None else now + CLOCK_SKEW
    return StoredProgress(last.session_id, sequence, min(frame_at, until), min(last.last_seen_at, until))


class Deduplicator:
    """What was evaluated of each session. Beyond `max_sessions` the one without messages for longest is forgotten."""

    def __init__(self, max_sessions: int = 16_384) -> None:
        self._max_sessions = max_sessions
        self._sessions: OrderedDict[tuple[str, str], _Session] = OrderedDict()

    def is_repeat(self, message: StreamMessage, now: datetime | None = None) -> bool:
        """Return whether this message was evaluated before; for a status also whether a later one was.

        A status that is later than `now` hides no other: its clock was wrong, and has been set back.
        """
        session = self._sessions.get((message.stream_id, message.session_id))
        if session is None:
            return False
        if _message_mark(message) in session.seen_messages:
            return True
        if isinstance(message, Frame):
            return _is_stored(message.ref, session.stored)
        if session.status_at is None or (now is not None and session.status_at > now + CLOCK_SKEW):
            return False
        return message.received_at <= session.status_at

    def has_sequence_leap(self, message: StreamMessage) -> bool:
        """Return whether a message's sequence is too far beyond all that its session sent to be genuine."""
        session = self._sessions.get((message.stream_id, message.session_id))
        return (
            session is not None
            and session.highest_sequence is not None
            and message.sequence - session.highest_sequence > _LARGEST_LEAP
        )

    def resume(self, stream_id: str, stored: "StoredProgress") -> None:
        """Continue from what is stored, by this or another worker."""
        session = _Session(status_at=stored.status_at, highest_sequence=stored.sequence, stored=stored)
        self._sessions[stream_id, stored.session_id] = session

    def note(self, messages: Iterable[StreamMessage]) -> None:
        """Record that these messages, all of one batch, were evaluated and stored."""
        for message in messages:
            key = message.stream_id, message.session_id
            session = self._sessions.setdefault(key, _Session())
            session.seen_messages.append(_message_mark(message))
            session.highest_sequence = (
                message.sequence
                if session.highest_sequence is None
                else max(session.highest_sequence, message.sequence)
            )
            session.stored = None
            if not isinstance(message, Frame):
                session.status_at = message.received_at
            self._sessions.move_to_end(key)
        while len(self._sessions) > self._max_sessions:
            self._sessions.popitem(last=False)


def _is_stored(ref: FrameRef, stored: "StoredProgress | None") -> bool:
    return stored is not None and ref.sequence <= stored.sequence and ref.received_at <= stored.frame_at


def _message_mark(message: StreamMessage) -> tuple[bool, int, datetime]:
    """Return what names a message within its session."""
    return isinstance(message, Frame), message.sequence, message.received_at
