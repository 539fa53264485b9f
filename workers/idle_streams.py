"""When a silent stream is evaluated although no message came: a pure plan of ticks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.clocks import BACKWARD_TOLERANCE, clamp_backward

TICK_AFTER_S = 5.0


class IdleStreams:
    """Remembers when each stream was evaluated last and names those that are due for a tick."""

    def __init__(self, tick_after_s: float = TICK_AFTER_S) -> None:
        self._tick_after = timedelta(seconds=tick_after_s)
        self._evaluated_at: dict[str, datetime] = {}

    def note_message(self, stream_id: str, at: datetime) -> None:
        self._evaluated_at[stream_id] = clamp_backward(at, self._evaluated_at.get(stream_id))

    def due(self, names: Iterable[str], now: datetime) -> tuple[str, ...]:
        """Return the streams among `names` not evaluated for `tick_after_s`; the time of a new one starts now.

        One evaluated far ahead of now was evaluated by a clock that was set back since, and is due.
        """
        evaluated = {name: self._evaluated_at.setdefault(name, now) for name in names}
        return tuple(
            name for name, at in evaluated.items() if now - at >= self._tick_after or at - now > BACKWARD_TOLERANCE
        )

    def move(self, by: timedelta) -> None:
        """Follow a clock that was set."""
        self._evaluated_at = {name: at + by for name, at in self._evaluated_at.items()}

    def forget(self, stream_id: str) -> None:
        self._evaluated_at.pop(stream_id, None)


def tick_time(now: datetime, oldest_waiting: datetime | None, lag: int) -> datetime:
    """Return the time to tick with: the present once nothing waits, else no later than what was just evaluated.

    A worker that is behind must not call a stream silent whose messages merely wait.
    """
    return now if lag == 0 or oldest_waiting is None else min(now, oldest_waiting)
