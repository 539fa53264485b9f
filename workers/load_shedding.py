"""Which frames are dropped unscored, the oldest first, when scoring is too far behind to show the present.

Pure. Statuses are never dropped: they cost nothing to evaluate and say how the connection is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.frames import Frame
from domain.messages import StreamMessage


@dataclass(frozen=True, slots=True)
class LagLimits:
    """Beyond `max_lag_s` frames are dropped until none older than `resume_lag_s` is left.

    There are two bounds because with one alone a worker that is a little too slow would stay there and show the past.
    """

    max_lag_s: float = 60.0
    resume_lag_s: float = 15.0


@dataclass(frozen=True, slots=True)
class SheddingPlan:
    """`dropped` are indices in the batch; `shedding` is passed to the next decision."""

    shedding: bool = False
    dropped: frozenset[int] = frozenset()


def lag_s(messages: Iterable[StreamMessage], now: datetime) -> float:
    """Return how old the oldest message is in seconds, 0 without one; clocks of two machines may differ."""
    return max((_age_s(message, now) for message in messages), default=0.0)


def plan_shedding(
    messages: Sequence[StreamMessage], now: datetime, *, waiting: int, shedding: bool, bounds: LagLimits | None
) -> SheddingPlan:
    """Decide about one batch; `waiting` is how many messages wait behind it.

    Nothing is dropped where nothing waits: what is here is then the newest there is, however old, or the clocks differ.
    """
    if bounds is None or waiting == 0:
        return SheddingPlan()
    ages = {place: _age_s(message, now) for place, message in enumerate(messages) if isinstance(message, Frame)}
    oldest_s = max(ages.values(), default=None)
    if oldest_s is None:
        return SheddingPlan(shedding)
    if oldest_s <= (bounds.resume_lag_s if shedding else bounds.max_lag_s):
        return SheddingPlan()
    return SheddingPlan(True, frozenset(place for place, age_s in ages.items() if age_s > bounds.resume_lag_s))


def _age_s(message: StreamMessage, now: datetime) -> float:
    return max(0.0, (now - message.received_at).total_seconds())
