"""When recurring maintenance happens: by the wall clock of its zone, so that a window keeps its hour all year.

Rules are those of iCalendar (RFC 5545, 3.3.10), read by dateutil. Pure.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from domain.errors import ConfigError
from domain.quiet_times import MaintenanceSchedule
from domain.verdict_time import MaintenanceWindow

if TYPE_CHECKING:
    from icalendar import Event

HORIZON = timedelta(days=60)
"""How far ahead the windows of schedules are written down."""
LONGEST_RULE = 2000
MOST_WINDOWS = 2000
MOST_EVENTS = 2000
EARLIEST_YEAR, LATEST_YEAR = 1970, 2199
LARGEST_CALENDAR_BYTES = 2 << 20
_TOO_OFTEN = re.compile(r"FREQ=(SECONDLY|MINUTELY|HOURLY)|BYSECOND|BYMINUTE|BYHOUR|INTERVAL=(-|0+(;|$))", re.IGNORECASE)


def check_schedule(schedule: MaintenanceSchedule) -> None:
    """Raise `ConfigError` for a rule that cannot be read, comes too often, or never comes."""
    if not 1 <= schedule.minutes <= 31 * 1440:
        raise ConfigError("a window lasts from a minute to 31 days")
    if len(schedule.rule) > LONGEST_RULE or _TOO_OFTEN.search(schedule.rule):
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
    found = []
    for start in islice(_starts(schedule, earliest), MOST_WINDOWS):
        begin, end = _instant(start, zone), _instant(start + length, zone)
        if begin >= until:
            break
        # A window within the hour that the clocks leave out lasts as long as any other.
        end = end if begin < end else begin + length
        if since < end:
            found.append(
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
    return found


def _starts(schedule: MaintenanceSchedule, after: datetime) -> Iterator[datetime]:
    """Yield the local times at which windows begin, from `after` on."""
    try:
        rule = rrulestr(schedule.rule, dtstart=schedule.first)
        yield from rule.xafter(after, inc=True)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise ConfigError("the rule cannot be read; write one of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO") from error


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return when a local clock shows this time: the first of two, and where clocks leave it out, an hour later."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def read_calendar(
    content: bytes, zone: str, *, camera: str = "", site: str = "", group: str = "", by: str = ""
) -> tuple[Sequence[MaintenanceSchedule], Sequence[MaintenanceWindow]]:
    """Return what an iCalendar file announces: recurring events and single ones, for the cameras of the scope.

    Times without a zone are those of `zone`. The same file gives the same ids. Raises `ConfigError`.
    """
    from icalendar import Calendar, Event  # noqa: PLC0415 - takes a moment, and only an import needs it

    if len(content) > LARGEST_CALENDAR_BYTES:
        raise ConfigError("the calendar is larger than 2 MB")
    try:
        events = [each for each in Calendar.from_ical(content).walk("VEVENT") if isinstance(each, Event)]
    except (ValueError, IndexError, KeyError) as error:
        raise ConfigError("this is no calendar (iCalendar, .ics)") from error
    schedules: list[MaintenanceSchedule] = []
    windows: list[MaintenanceWindow] = []
    if len(events) > MOST_EVENTS:
        raise ConfigError(f"the calendar has more than {MOST_EVENTS} events; import it in parts")
    for event in events:
        schedule = _schedule_of(
            event, zone, MaintenanceSchedule("", datetime(2000, 1, 1), 1, "", zone, camera, site, group, by=by)
        )
        once = schedule if schedule.rule else replace(schedule, rule="FREQ=DAILY;COUNT=1")
        try:
            check_schedule(once)
        except ConfigError as error:
            raise ConfigError(f"the event '{schedule.reason}': {error}") from error
        if schedule.rule:
            schedules.append(schedule)
        else:
            windows += expand_schedule(once, datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
    return schedules, windows


def _schedule_of(event: "Event", zone: str, scope: MaintenanceSchedule) -> MaintenanceSchedule:
    """Return one event as a schedule, its rule empty where it happens once. Raises `ConfigError`."""
    title = " ".join(str(event.get("SUMMARY", "")).split())[:200]
    try:
        return _read_event(event, zone, scope, title)
    except ConfigError as error:
        raise ConfigError(f"the event '{title}': {error}") from error
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise ConfigError(f"the event '{title}' has no time that can be read") from error


def _read_event(event: "Event", zone: str, scope: MaintenanceSchedule, title: str) -> MaintenanceSchedule:
    begin = event.decoded("DTSTART")
    end = event.decoded("DTEND", None)
    lasts = event.decoded("DURATION", None)
    rule = _as_text(event["RRULE"].to_ical()) if "RRULE" in event else ""
    own_zone = _zone_of(begin, zone)
    first = _local(begin, own_zone)
    if end is not None:
        length = _local(end, own_zone) - first
    else:
        length = lasts or (timedelta(hours=1) if isinstance(begin, datetime) else timedelta(days=1))
    if length < timedelta(0):
        raise ConfigError("it ends before it begins")
    uid = "\n".join((str(event.get("UID", title)), scope.camera, scope.site, scope.group))
    left_out = "".join(f"\nEXDATE:{_local(at, own_zone):%Y%m%dT%H%M%S}" for at in _exceptions(event))
    return MaintenanceSchedule(
        schedule_id=f"ical{sha256(uid.encode()).hexdigest()[:12]}",
        first=first,
        minutes=max(1, round(length.total_seconds() / 60)),
        rule=f"RRULE:{_without_zone(rule, own_zone)}{left_out}" if rule else "",
        zone=own_zone,
        camera=scope.camera,
        site=scope.site,
        group=scope.group,
        reason=title,
        by=scope.by,
    )


def _as_text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()


def _exceptions(event: "Event") -> Iterator[datetime | date]:
    given = event.get("EXDATE", [])
    for part in given if isinstance(given, list) else [given]:
        yield from (each.dt for each in part.dts)


def _zone_of(begin: datetime | date, default: str) -> str:
    zone = begin.tzinfo if isinstance(begin, datetime) else None
    if zone is None:
        return default
    key = getattr(zone, "key", None) or ("UTC" if zone.utcoffset(None) == timedelta(0) else "")
    if not key:
        raise ConfigError(f"the calendar's zone '{zone}' has no name of the IANA list, such as Europe/Berlin")
    return str(key)


def _local(at: datetime | date, zone: str) -> datetime:
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day)
    return at.replace(tzinfo=None) if at.tzinfo is None else at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _without_zone(rule: str, zone: str) -> str:
    """Return a rule whose `UNTIL` is local time, as its windows are."""

    def local(found: re.Match[str]) -> str:
        at = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return f"UNTIL={_local(at, zone):%Y%m%dT%H%M%S}"

    return re.sub(r"UNTIL=(\d{8}T\d{6})Z", local, rule)
