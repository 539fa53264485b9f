"""When to try a camera again: without end, more slowly each time, and never so often that it locks an account.

Pure: (state, what happened, now, chance) in, (state, delay) out.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.backoff import backoff_s

FIRST_WAIT_S = 1.0
LONGEST_BACKOFF_S = 20.0
"""A camera that is back is read again after 30 s at most, and after 10 s on average: half of a mean wait.

A minute helped no camera: an attempt is one connection, so that a thousand lost cameras make fifty a second over all
processes, spread at random, and a recorder with few free connections is protected by the pause after refusals.
"""
EXCESS_WAIT_S = 120.0
"""After a stream that asked for too much: each attempt costs what it asked for, and settings change slowly."""
LOGIN_ATTEMPTS = 3
LOGIN_WINDOW = timedelta(minutes=30)
LOGIN_PAUSE_S = 20.0
STEADY_SESSION_S = 30.0


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is remembered of earlier attempts: failures in a row, and when a login was refused (last window only)."""

    failures: int = 0
    refused_at: tuple[datetime, ...] = ()


def after_failure(attempts: Attempts, chance: float) -> tuple[Attempts, float]:
    """Return the new state and the seconds to wait: 1, 2, 4 … 20, each times 0.5 … 1.5.

    `chance` in [0, 1) spreads the cameras of a site, so that a switch that comes back is not stormed.
    """
    failed = replace(attempts, failures=attempts.failures + 1)
    return failed, backoff_s(failed.failures, first_s=FIRST_WAIT_S, longest_s=LONGEST_BACKOFF_S) * (0.5 + chance)


def after_excess(attempts: Attempts, chance: float) -> tuple[Attempts, float]:
    """Return the new state and the seconds to wait after a stream over its limits: two minutes, times 0.5 … 1.5."""
    return replace(attempts, failures=attempts.failures + 1), EXCESS_WAIT_S * (0.5 + chance)


def after_refusal(attempts: Attempts, now: datetime, chance: float) -> tuple[Attempts, float]:
    """Return the new state and the seconds to wait after a refused login: at most three in any 30 minutes."""
    refused = (*_recent(attempts, now), now)
    fresh = Attempts(failures=attempts.failures + 1, refused_at=refused)
    if len(refused) < LOGIN_ATTEMPTS:
        return fresh, LOGIN_PAUSE_S * (1.0 + chance)
    return fresh, login_wait_s(fresh, now) + LOGIN_PAUSE_S * chance


def login_wait_s(attempts: Attempts, now: datetime) -> float:
    """Return how long a login must still wait, 0 when it may be tried at once.

    Once three were refused the next waits a whole window after the last: slow enough for any lock-out policy.
    """
    recent = _recent(attempts, now)
    if len(recent) < LOGIN_ATTEMPTS:
        return 0.0
    return max(0.0, (recent[-1] + LOGIN_WINDOW - now).total_seconds())


def _recent(attempts: Attempts, now: datetime) -> list[datetime]:
    """Return the refusals that still count; those later than now are of a clock set back, and count as of now."""
    return [min(at, now) for at in attempts.refused_at if now - at < LOGIN_WINDOW]


def after_session(attempts: Attempts, lived_s: float) -> Attempts:
    """Return the new state after a session that delivered pictures; a steady one clears the past."""
    return Attempts() if lived_s >= STEADY_SESSION_S else replace(attempts, refused_at=())
