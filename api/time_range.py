"""Which time range of scores is asked for, at which resolution, and how it is kept short. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator

from domain.records import Resolution, ScorePoint

MAX_SPANS: Mapping[Resolution, timedelta] = {
    Resolution.FRAME: timedelta(hours=1),
    Resolution.MINUTE: timedelta(days=2),
    Resolution.HOUR: timedelta(days=92),
    Resolution.DAY: timedelta(days=3660),
}
"""The longest stretch one answer may cover at each resolution."""

DEFAULT_SPAN = timedelta(minutes=10)


class RangeRefused(ValueError):
    """The stretch asked for cannot be answered; the text says why."""


@dataclass(frozen=True, slots=True)
class TimeRange:
    since: datetime
    until: datetime
    resolution: Resolution


def choose_time_range(
    since: datetime | None, until: datetime | None, resolution: Resolution | None, now: datetime
) -> TimeRange:
    """Return the stretch meant; the finest resolution that may cover it where none is asked for.

    A time without a zone is taken as UTC. Raises `RangeRefused`.
    """
    end = _assume_utc(until) if until is not None else now
    start = _assume_utc(since) if since is not None else end - DEFAULT_SPAN
    if start >= end:
        raise RangeRefused("since must be before until")
    span = end - start
    fitting = [each for each in Resolution if span <= MAX_SPANS[each]]
    if not fitting:
        raise RangeRefused(f"at most {MAX_SPANS[Resolution.DAY].days} days can be asked for at once")
    if resolution is not None and resolution not in fitting:
        raise RangeRefused(f"too long for resolution {resolution}; ask for resolution {fitting[0]} or a shorter time")
    return TimeRange(start, end, resolution or fitting[0])


def _assume_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def thin_points(points: Sequence[ScorePoint], most: int) -> Sequence[ScorePoint]:
    """Join neighbours so that at most `most` points remain; extremes and the mean over all frames are kept."""
    if len(points) <= most:
        return points
    each = -(-len(points) // most)
    return [_join_points(points[start : start + each]) for start in range(0, len(points), each)]


def _join_points(points: Sequence[ScorePoint]) -> ScorePoint:
    count = sum(point.count for point in points)
    mean = sum(point.mean * point.count for point in points) / count
    low, high = min(point.low for point in points), max(point.high for point in points)
    return ScorePoint(points[0].at, mean, low, high, count)


EARLIEST_REQUEST_TIME = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_REQUEST_TIME = datetime(2200, 1, 1, tzinfo=UTC)


def validate_time(at: datetime) -> datetime:
    """Return `at` in UTC, one without a zone taken as UTC. Raises `ValueError` for a time outside 1970 to 2199."""
    try:
        moment = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (OverflowError, ValueError):  # the year 1 or 9999, moved over the edge by its zone
        moment = None
    if moment is None or not EARLIEST_REQUEST_TIME <= moment < LATEST_REQUEST_TIME:
        raise ValueError("a time must be between 1970 and 2199")
    return moment


RequestTime = Annotated[datetime, AfterValidator(validate_time)]
"""The type by which an endpoint takes a time."""
