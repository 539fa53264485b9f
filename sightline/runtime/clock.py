"""The time that every part uses: the machine's wall clock, compared with the time since the machine started.

A wall clock that is set by a few seconds is followed slowly. A larger step is not trusted at first: time goes on as
before, the step is logged, and the new time is used only after it has lasted. So a clock that is wrong for a while
deletes nothing and stops nothing.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from domain.clocks import elapsed_s, is_plausible
from domain.ports import Clock

_log = logging.getLogger(__name__)

STEP_S = 2.0
"""A difference between the wall clock and our time of more than this is a step …"""
HOLD_S = 300.0
"""… that is taken over once it has held for this long; our own time goes on meanwhile."""
CREEP_S = 60.0
"""A step taken over that is no larger than this is made up for gradually, so that our time never goes back for it."""
SLEW, CREEP = 0.1, 0.5
"""How much of the time gone by may go into following the wall clock: day by day, and after a small step."""
SETTLE_S = 3600.0
"""After a large step was taken over, nothing is deleted for this long …"""
BEGIN_S = 600.0
"""… nor for this long after a start: a machine that starts with a wrong clock is often put right within minutes."""


class SystemClock:
    """The machine's time in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class SteadyClock:
    """Time that follows `wall` and trusts its steps only after they have lasted. Shared by threads.

    Between two steps taken over it never goes back. `elapsed` never jumps and counts suspended seconds too, so that a
    machine that slept is no step.
    """

    def __init__(
        self, wall: Clock | None = None, *, elapsed: Callable[[], float] = elapsed_s, hold_s: float = HOLD_S
    ) -> None:
        self._wall = wall or SystemClock()
        self._elapsed = elapsed
        self._hold_s = hold_s
        self._lock = threading.Lock()
        self._last_s = self._started_s = elapsed()
        self._now = self._wall.now()
        self._creeping = False
        self._step_s = 0.0
        self._step_since_s: float | None = None
        self._settled_at_s = self._started_s + BEGIN_S
        self._moved = timedelta(0)
        self._steps = 0

    def now(self) -> datetime:
        with self._lock:
            return self._advance()

    def sleep(self, seconds: float) -> None:
        self._wall.sleep(seconds)

    @property
    def total_correction(self) -> timedelta:
        """Return by how much this time has been set since the start, all large steps taken over together."""
        with self._lock:
            return self._moved

    @property
    def steps(self) -> int:
        """Return how many steps of the wall clock were seen since the start."""
        return self._steps

    @property
    def offset_s(self) -> float:
        """Return by how many seconds the wall clock is ahead of this time now."""
        with self._lock:
            now = self._advance()
            return (self._wall.now() - now).total_seconds()

    def doubt_reason(self) -> str:
        """Return why the machine's clock is not believed now, "" where it is."""
        with self._lock:
            now = self._advance()
            since_s = self._step_since_s
            if since_s is None:
                if is_plausible(now):
                    return ""
                return f"the machine's clock shows {now:%Y-%m-%d}, which cannot be; set it, best by NTP"
            left_s = max(0.0, self._hold_s - (self._last_s - since_s))
            follows = f"is taken over if it holds for {left_s:.0f} s more"
            if not is_plausible(now + timedelta(seconds=self._step_s)):
                follows = "is never taken over"
            step = _describe_step(self._step_s)
            return f"the machine's clock was {step}; Sightline keeps its own time, the new one {follows}"

    def deletion_blocked_reason(self) -> str:
        """Return why nothing may be deleted by this time now, "" where it may."""
        reason = self.doubt_reason()
        with self._lock:
            left_s = self._settled_at_s - self._last_s
        return reason or (f"the clock must hold for {left_s / 60:.0f} min more" if left_s > 0 else "")

    def _advance(self) -> datetime:
        """Move our time on by what has elapsed and follow the wall clock as far as it is believed."""
        elapsed = self._elapsed()
        passed_s = max(0.0, elapsed - self._last_s)
        self._last_s = max(elapsed, self._last_s)
        self._now += timedelta(seconds=passed_s)
        wall = self._wall.now()
        ahead_s = (wall - self._now).total_seconds()
        if abs(ahead_s) <= STEP_S:
            self._end_step()
            self._creeping = False
        elif not self._creeping:
            self._note_step(wall, ahead_s)
            return self._now
        elif abs(ahead_s) > CREEP_S + STEP_S:
            self._creeping = False
            self._note_step(wall, ahead_s)
            return self._now
        most_s = passed_s * (CREEP if self._creeping else SLEW)
        self._now += timedelta(seconds=min(most_s, max(-most_s, ahead_s)))
        return self._now

    def _end_step(self) -> None:
        if self._step_since_s is not None:
            _log.warning("the machine's clock is back where it was; nothing was done by the time it showed meanwhile")
            self._step_since_s = None

    def _note_step(self, wall: datetime, ahead_s: float) -> None:
        """Note a step and take it over once it has held, at once where our own time cannot be."""
        if self._step_since_s is None or abs(ahead_s - self._step_s) > STEP_S:
            self._step_s, self._step_since_s = ahead_s, self._last_s
            self._steps += 1
            # A clock that is set again and again must not fill the log.
            if self._steps < 100 or self._steps % 1000 == 0:
                _log.warning(
                    "the machine's clock was %s; Sightline keeps its own time and takes the new one over if it holds "
                    "for %.0f s. If no person set the clock, check the machine's battery and its time server.",
                    _describe_step(ahead_s),
                    self._hold_s,
                )
        right_at_last = is_plausible(wall) and not is_plausible(self._now)
        held = self._last_s - self._step_since_s >= self._hold_s and is_plausible(wall)
        if right_at_last or held:
            self._take_over(ahead_s)

    def _take_over(self, ahead_s: float) -> None:
        self._step_since_s = None
        if abs(ahead_s) <= CREEP_S:
            self._creeping = True
            _log.warning("the machine's clock holds its new time; Sightline follows gradually")
            return
        self._now += timedelta(seconds=ahead_s)
        self._moved += timedelta(seconds=ahead_s)
        self._settled_at_s = self._last_s + SETTLE_S
        _log.warning("the machine's clock holds its new time; from now on it is %s", f"{self._now:%Y-%m-%d %H:%M} UTC")


class StoppableClock:
    """Another clock's time, with a sleep that ends when `stop` is set."""

    def __init__(self, clock: Clock, stop: threading.Event) -> None:
        self._clock = clock
        self._stop = stop

    def now(self) -> datetime:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)


def _describe_step(ahead_s: float) -> str:
    """Return a step in words."""
    size = abs(ahead_s)
    units = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"))
    amount, unit = next(((size / each, name) for each, name in units if size >= 2 * each), (size, "seconds"))
    return f"set {'forward' if ahead_s > 0 else 'back'} by {amount:.0f} {unit}"
