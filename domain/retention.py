"""How long each kind of stored row is kept."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Retention:
    """Days each kind of row is kept. Cameras, the audit and open incidents stay.

    A coarser rollup is folded from the finer one and must outlive it. Raises `ConfigError` where one would not.
    """

    raw_days: int = 7
    """Each frame's scores."""
    minutes_days: int = 30
    """Rollups of a minute; `hours_days` and `days_days` likewise."""
    hours_days: int = 400
    days_days: int = 3650
    dead_letters_days: int = 7
    """Messages that could not be processed."""
    sessions_days: int = 90
    """Connections of cameras that have ended."""
    delivered_days: int = 30
    """Messages that were sent."""
    history_days: int = 400
    """Verdict changes, transitions and resolved incidents."""

    def __post_init__(self) -> None:
        if self.raw_days < 1 or min(self.dead_letters_days, self.sessions_days, self.delivered_days) < 1:
            raise ConfigError("retention: every time must be at least one day")
        if not self.raw_days < self.minutes_days < self.hours_days < self.days_days:
            raise ConfigError("retention: raw_days, minutes_days, hours_days and days_days must rise in this order")

    def raw_floor(self, now: datetime) -> datetime:
        """Return the midnight (UTC) before which frames are deleted and refused; whole days, like the partitions."""
        return utc_midnight(now - timedelta(days=self.raw_days))


def utc_midnight(at: datetime) -> datetime:
    """Return the start of the day of `at` in UTC."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
