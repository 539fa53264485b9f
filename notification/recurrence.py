"""When recurring maintenance happens: by the wall clock of its zone, so that a window keeps its hour all year.

Rules are those of iCalendar (RFC 5545, 3.3.10), read by dateutil. Pure.
"""

import heapq
import re
from collections.abc import Iterator, Sequence
from datetime import MAXYEAR, UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from domain.errors import ConfigError
from domain.quiet_times import MaintenanceSchedule
from domain.verdict_time import MaintenanceWindow

HORIZON = timedelta(days=60)
"""How far ahead the windows of schedules are written down."""
LONGEST_RULE = 20_000
"""Characters, dates added and left out included."""
MOST_WINDOWS = 2000
EARLIEST_YEAR, LATEST_YEAR = 1970, 2199
LOCAL_TIME = "%Y%m%dT%H%M%S"
"""How iCalendar writes a local time."""
_TOO_OFTEN = re.compile(
    r"FREQ=(SECONDLY|MINUTELY|HOURLY)|BYSECOND|BYMINUTE|BYHOUR|BYEASTER|INTERVAL=(-|0+(;|\s|$))", re.IGNORECASE
)
_UNTIL = re.compile(r";?UNTIL=(\d{4})([^;]*)", re.IGNORECASE)
_CALENDAR_CYCLE_YEARS = 400
"""After so many years each date has the same day of the week again (146,097 days are 20,871 weeks)."""
_SEARCH_YEARS = 200


def check_schedule(schedule: MaintenanceSchedule) -> None:
    """Raise `ConfigError` for a rule that cannot be read, comes too often, or never comes."""
    if not 1 <= schedule.minutes <= 31 * 1440:
        raise ConfigError("a window lasts from a minute to 31 days")
    if len(schedule.rule) > LONGEST_RULE:
        raise ConfigError(f"the rule and its dates are longer than {LONGEST_RULE} characters; split the event")
    if _TOO_OFTEN.search(schedule.rule):
        raise ConfigError("the rule must be of days, weeks, months or years, such as FREQ=WEEKLY;BYDAY=MO")
    if schedule.first.year < EARLIEST_YEAR or schedule.first.year > LATEST_YEAR:
        raise ConfigError(f"the first window must be in the years {EARLIEST_YEAR} to {LATEST_YEAR}")
    if next(_starts(schedule, schedule.first), None) is None:
        raise ConfigError("the rule never comes to pass; see RFC 5545, such as FREQ=WEEKLY;BYDAY=MO")


def expand_schedule(schedule: MaintenanceSchedule, since: datetime, until: datetime) -> Sequence[MaintenanceWindow]:
    """Return the windows that end after `since` and begin before `until`, oldest first; each has the same id always."""
    zone = ZoneInfo(schedule.zone)
    length = timedelta(minutes=schedule.minutes)
    earliest = since.astimezone(zone).replace(tzinfo=None) - length - timedelta(days=1)
    windows = []
    for start in islice(_starts(schedule, earliest), MOST_WINDOWS):
        begin, end = _instant(start, zone), _instant(start + length, zone)
        if begin >= until:
            break
        # A window within the hour that the clocks leave out lasts as long as any other.
        end = end if begin < end else begin + length
        if since < end:
            windows.append(
                MaintenanceWindow(
                    window_id=f"{schedule.schedule_id}-{start:%Y%m%dT%H%M}",
                    since=begin,
                    until=end,
                    camera=schedule.camera,
                    site=schedule.site,
                    group=schedule.group,
                    reason=schedule.reason,
                    by=schedule.by,
                )
            )
    return windows


def _starts(schedule: MaintenanceSchedule, after: datetime) -> Iterator[datetime]:
    """Yield the local times at which windows begin, from `after` on, each once. Raises `ConfigError`."""
    try:
        rule, added, left_out = _split_lines(schedule.rule)
        previous = None
        for start in heapq.merge(_rule_starts(rule, schedule.first.replace(microsecond=0)), sorted(added)):
            if start >= after and start != previous and start not in left_out:
                yield start
            previous = start
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        raise ConfigError("the rule cannot be read; write one of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO") from error


def _split_lines(text: str) -> tuple[str, frozenset[datetime], frozenset[datetime]]:
    """Return the rule itself, and the local times of its lines RDATE and EXDATE. Raises `ValueError`."""
    rules, dates = [], {"RDATE": set[datetime](), "EXDATE": set[datetime]()}
    for line in text.split():
        name, _, value = line.rpartition(":")
        if name.upper() in dates:
            dates[name.upper()] |= {datetime.strptime(each, LOCAL_TIME) for each in value.split(",")}
        elif name.upper() in ("", "RRULE"):
            rules.append(value)
        else:
            raise ValueError("a line that is neither RRULE, RDATE nor EXDATE")
    if len(rules) != 1:
        raise ValueError("not one rule")
    return rules[0], frozenset(dates["RDATE"]), frozenset(dates["EXDATE"])


def _rule_starts(rule: str, first: datetime) -> Iterator[datetime]:
    """Yield the times of a rule alone, for 200 to 600 years.

    dateutil looks for the next date until the year 9999: half a minute for a rule that never comes, such as 30
    February. So the rule is moved towards the end of its calendar by whole cycles.
    """
    years = (MAXYEAR - _SEARCH_YEARS - first.year) // _CALENDAR_CYCLE_YEARS * _CALENDAR_CYCLE_YEARS

    def move_until(found: re.Match[str]) -> str:
        year = int(found[1]) + years
        return f"{';' * found[0].startswith(';')}UNTIL={year}{found[2]}" if year <= MAXYEAR else ""

    late = rrulestr(_UNTIL.sub(move_until, rule).strip(";"), dtstart=first.replace(year=first.year + years))
    return (start.replace(year=start.year - years) for start in late)


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return when a local clock shows this time: the first of two, and where clocks leave it out, an hour later."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
