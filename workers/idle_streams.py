"""When a silent stream is judged although nothing came: a pure plan of ticks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.clocks import BACKWARD_TOLERANCE, clamp_backward

TICK_AFTER_S = 5.0


class IdleStreams:
    """Remembers when each stream was judged last and names those that are due for a tick."""

    def __init__(self, tick_after_s: float = TICK_AFTER_S) -> None:
        self._tick_after = timedelta(seconds=tick_after_s)
        self._judged_at: dict[str, datetime] = {}

    def note_message(self, stream_id: str, at: datetime) -> None:
        self._judged_at[stream_id] = clamp_backward(at, self._judged_at.get(stream_id))

    def due(self, names: Iterable[str], now: datetime) -> tuple[str, ...]:
        """Return the streams among `names` not judged for `tick_after_s`; one never seen before starts to count now.

        One judged far ahead of now was judged by a clock that was set back since, and is due.
        """
        judged = {name: self._judged_at.setdefault(name, now) for name in names}
        return tuple(
            name for name, at in judged.items() if now - at >= self._tick_after or at - now > BACKWARD_TOLERANCE
        )

    def move(self, by: timedelta) -> None:
        """Follow a clock that was set."""
        self._judged_at = {name: at + by for name, at in self._judged_at.items()}

    def forget(self, stream_id: str) -> None:
        self._judged_at.pop(stream_id, None)


def tick_time(now: datetime, oldest_waiting: datetime | None, lag: int) -> datetime:
    """Return the time to tick with: the present once nothing waits, else no later than what was just judged.

    A worker that is behind must not call a stream silent whose messages merely wait.
    """
    return now if lag == 0 or oldest_waiting is None else min(now, oldest_waiting)
