"""Wall clocks may be set; the time since the machine started may not. What counts as a wrong clock."""

import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

EARLIEST_TIME = datetime(2025, 1, 1, tzinfo=UTC)
LATEST_TIME = datetime(2100, 1, 1, tzinfo=UTC)
"""A clock outside these is wrong: this version did not exist before, and will not run after."""
BACKWARD_TOLERANCE = timedelta(seconds=60)
"""A clock that goes back by more was set back; by less, two threads or machines only differ a little."""
FUTURE_TOLERANCE = timedelta(minutes=10)
"""Stored times later than this from now were written by a wrong clock; clocks of one site differ by less."""

CLOCK_SKEW = timedelta(seconds=5)
"""Synchronised clocks differ by less: a stored state that is later than this from now is replaced at once."""

_Value = TypeVar("_Value")


def elapsed_s() -> float:
    """Return seconds that never jump, including suspended time where the system counts it.

    The value is the same in every process of this machine.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def is_plausible(at: datetime) -> bool:
    """Return whether a right clock may show this time."""
    return EARLIEST_TIME <= at < LATEST_TIME


def has_passed(wait_s: float, since: datetime, now: datetime) -> bool:
    """Return whether a wait is over; what began well ahead of now began before the clock was set back: it waits no
    longer, for nobody knows how long it has.
    """
    return now - since >= timedelta(seconds=wait_s) or since - now > BACKWARD_TOLERANCE


def clamp_backward(at: datetime, latest: datetime | None) -> datetime:
    """Return `at`, or `latest` where that is a little later. A clock that was set back is followed."""
    if latest is None or latest - at > BACKWARD_TOLERANCE:
        return at
    return max(at, latest)


def is_within(since: datetime | None, now: datetime, seconds: float) -> bool:
    """Return whether less than `seconds` have passed since `since`; False where the clock was set back meanwhile."""
    return since is not None and timedelta(0) <= now - since < timedelta(seconds=seconds)


def map_times(value: _Value, changed: Callable[[datetime], datetime]) -> _Value:
    """Return the value with every time in it changed, through frozen records, tuples and mappings."""
    return _map_times(value, changed)  # type: ignore[no-any-return]


def _map_times(value: Any, changed: Callable[[datetime], datetime]) -> Any:
    if isinstance(value, datetime):
        return changed(value)
    if isinstance(value, tuple):
        return tuple(_map_times(each, changed) for each in value)
    if isinstance(value, Mapping):
        return {key: _map_times(each, changed) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        # No record that is passed here checks its fields one by one.
        new = {field.name: _map_times(getattr(value, field.name), changed) for field in fields(value) if field.init}
        return replace(value, **new)
    return value
