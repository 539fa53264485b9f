"""Maintenance announced by an iCalendar file (RFC 5545): its events as schedules and windows. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from domain.errors import ConfigError
from domain.quiet_times import MaintenanceSchedule
from domain.text.plain_text import shorten_to_line
from domain.verdict_time import MaintenanceWindow
from notification.recurrence import LOCAL_TIME, check_schedule, expand_schedule

if TYPE_CHECKING:
    from icalendar import Event

MOST_EVENTS = 2000
LARGEST_CALENDAR_BYTES = 2 << 20
_EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_ONCE = "FREQ=DAILY;COUNT=1"
_UNREADABLE = (KeyError, ValueError, TypeError, AttributeError, OverflowError)
"""What icalendar raises for values that are none."""
_ODD_ZONE = (OSError, RecursionError)
"""What looking for a zone raises where its name is a folder, or long: its parts are looked for as folders."""

_Moment = datetime | date


def read_calendar(
    content: bytes, zone: str, *, camera: str = "", site: str = "", group: str = "", by: str = ""
) -> tuple[Sequence[MaintenanceSchedule], Sequence[MaintenanceWindow]]:
    """Return what an iCalendar file announces: recurring events and single ones, for the cameras of the scope.

    Times without a zone are those of `zone`. A date that was moved (RECURRENCE-ID) or cancelled is left out of its
    event; where it moved to is a window of its own, and so is an added date that lasts longer. The same file gives the
    same ids. Raises `ConfigError`.
    """
    from icalendar import Calendar, Event  # noqa: PLC0415 - takes a moment, and only an import needs it

    if len(content) > LARGEST_CALENDAR_BYTES:
        raise ConfigError("the calendar is larger than 2 MB; import it in parts")
    try:
        events = [each for each in Calendar.from_ical(content).walk("VEVENT") if isinstance(each, Event)]
    except _ODD_ZONE as error:
        raise ConfigError("a time zone of the calendar is not known; write names of the IANA list") from error
    except (IndexError, *_UNREADABLE) as error:
        raise ConfigError("this is no calendar (iCalendar, .ics)") from error
    if len(events) > MOST_EVENTS:
        raise ConfigError(f"the calendar has more than {MOST_EVENTS} events; import it in parts")
    scope = MaintenanceSchedule("", datetime(2000, 1, 1), 1, "", zone, camera, site, group, by=by)
    reader = _CalendarReader(scope)
    for event in sorted(events, key=lambda each: "RECURRENCE-ID" not in each):
        title = shorten_to_line(str(event.get("SUMMARY", "")), 200)
        try:
            reader.read(event, title)
        except ConfigError as error:
            raise ConfigError(f"the event '{title}': {error}") from error
        except (*_ODD_ZONE, *_UNREADABLE) as error:
            raise ConfigError(f"the event '{title}' has no time that can be read") from error
    return reader.schedules, reader.windows


@dataclass
class _CalendarReader:
    """Reads the events one after the other, changed dates (RECURRENCE-ID) before the events that they belong to."""

    scope: MaintenanceSchedule
    schedules: list[MaintenanceSchedule] = field(default_factory=list)
    windows: list[MaintenanceWindow] = field(default_factory=list)
    _changed: dict[str, list[_Moment]] = field(default_factory=dict)
    """The dates that are left out of an event because a changed one takes their place, by UID."""

    def read(self, event: "Event", title: str) -> None:
        uid = str(event.get("UID", title))
        changed = _changed_date(event)
        if changed is not None:
            self._changed.setdefault(uid, []).append(changed)
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            return
        parts = _read_event(event, self.scope.zone)
        left_out = [*parts.left_out, *(self._changed.get(uid, []) if changed is None else [])]
        excluded = {_start_of(each, parts) for each in left_out}
        identity = uid if changed is None else f"{uid}\n{_start_of(changed, parts):{LOCAL_TIME}}"
        schedule = replace(
            self.scope,
            schedule_id=_id_of(identity, self.scope),
            first=parts.first,
            minutes=_minutes(parts.length),
            rule=parts.rule,
            zone=parts.zone,
            reason=title,
        )
        self._add(schedule, parts, excluded, moved=changed is not None)

    def _add(self, schedule: MaintenanceSchedule, parts: "_EventTimes", excluded: set[datetime], moved: bool) -> None:
        added = {_start_of(each, parts) for each in parts.added}
        if schedule.rule:
            lines = [schedule.rule, *(f"RDATE:{at:{LOCAL_TIME}}" for at in sorted(added))]
            lines += [f"EXDATE:{at:{LOCAL_TIME}}" for at in sorted(excluded)]
            recurring = replace(schedule, rule="\n".join(lines))
            check_schedule(recurring)
            self.schedules.append(recurring)
        else:
            for start in sorted({parts.first, *added} - excluded):
                self._add_window(schedule, start, parts.length, schedule.schedule_id if moved else "")
        for start, length in parts.periods.items():
            if start not in excluded:
                # Not the id of the schedule's own windows: their newest says how far they are written down.
                self._add_window(schedule, start, length, f"{schedule.schedule_id}p{start:%Y%m%dT%H%M}")

    def _add_window(
        self, schedule: MaintenanceSchedule, start: datetime, length: timedelta, window_id: str = ""
    ) -> None:
        once = replace(schedule, first=start, minutes=_minutes(length), rule=_ONCE)
        check_schedule(once)
        self.windows += [
            replace(window, window_id=window_id or window.window_id) for window in expand_schedule(once, *_EVER)
        ]


@dataclass(frozen=True, slots=True)
class _EventTimes:
    """When one event happens, by the clock of `zone`; `rule` is empty where it does not recur."""

    zone: str
    first: datetime
    length: timedelta
    rule: str
    added: Sequence[_Moment]
    periods: Mapping[datetime, timedelta]
    left_out: Sequence[_Moment]


def _read_event(event: "Event", default_zone: str) -> _EventTimes:
    """Return when an event happens. Raises `ConfigError` for what it cannot say so that it is understood."""
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"):
        _refuse_unknown_zones(event, name)
    if "EXRULE" in event:
        raise ConfigError("it leaves dates out by a rule (EXRULE), which is not supported; list them as EXDATE")
    begin = event.decoded("DTSTART")
    zone = _zone_of(event, begin, default_zone)
    first = _local(begin, zone)
    rule = _rule_text(event)
    added = list(_dates(event, "RDATE"))
    return _EventTimes(
        zone=zone,
        first=first,
        length=_length(event, begin, first, zone),
        rule=f"RRULE:{_without_zone(rule, zone)}" if rule else "",
        added=[each for each in added if not isinstance(each, tuple)],
        periods=dict(_period(each, zone) for each in added if isinstance(each, tuple)),
        left_out=list(_dates(event, "EXDATE")),
    )


def _length(event: "Event", begin: _Moment, first: datetime, zone: str) -> timedelta:
    end = event.decoded("DTEND", None)
    if end is not None:
        length: timedelta = _local(end, zone) - first
    else:
        usual = timedelta(hours=1) if isinstance(begin, datetime) else timedelta(days=1)
        length = event.decoded("DURATION", None) or usual
    if length < timedelta(0):
        raise ConfigError("it ends before it begins")
    return length


def _changed_date(event: "Event") -> _Moment | None:
    """Return which date of its event this one replaces, None for an event of its own."""
    if "RECURRENCE-ID" not in event:
        return None
    value: Any = event["RECURRENCE-ID"]
    if "RANGE" in value.params:
        raise ConfigError(
            "it changes a date and all that follow (RANGE=THISANDFUTURE), which is not supported; "
            "end the event there (UNTIL) and write what follows as an event of its own"
        )
    changed: _Moment = value.dt
    return changed


def _refuse_unknown_zones(event: "Event", name: str) -> None:
    """Raise `ConfigError` where a time names a zone that nobody knows: icalendar takes it for local time."""
    values = event.get(name, [])
    for part in values if isinstance(values, list) else [values]:
        named = part.params.get("TZID", "")
        for each in part.dts if hasattr(part, "dts") else [part]:
            first = each.dt[0] if isinstance(each.dt, tuple) else each.dt
            if named and isinstance(first, datetime) and first.tzinfo is None:
                raise _unknown_zone(named)


def _unknown_zone(name: str) -> ConfigError:
    zone_name = shorten_to_line(name, 60)
    return ConfigError(
        f"its time zone '{zone_name}' is not known; write a name of the IANA list, such as Europe/Berlin"
    )


def _zone_of(event: "Event", begin: _Moment, default: str) -> str:
    zone: Any = begin.tzinfo if isinstance(begin, datetime) else None
    if zone is None:
        return default
    key = getattr(zone, "key", None) or ("UTC" if zone.utcoffset(None) == timedelta(0) else "")
    if not key:
        raise _unknown_zone(str(event["DTSTART"].params.get("TZID", zone)))
    return str(key)


def _dates(event: "Event", name: str) -> Iterator[Any]:
    """Yield the dates of RDATE or EXDATE: moments, or (begin, end or length) for a period."""
    values = event.get(name, [])
    for part in values if isinstance(values, list) else [values]:
        yield from (each.dt for each in part.dts)


def _period(period: tuple[_Moment, datetime | timedelta], zone: str) -> tuple[datetime, timedelta]:
    """Return when an added period begins, and its length."""
    begin, end = _local(period[0], zone), period[1]
    return begin, end if isinstance(end, timedelta) else _local(end, zone) - begin


def _start_of(at: _Moment, parts: _EventTimes) -> datetime:
    """Return the local time of a date that is added or left out; a day alone means the event's time on it."""
    if isinstance(at, datetime):
        return _local(at, parts.zone)
    return datetime.combine(at, parts.first.time())


def _rule_text(event: "Event") -> str:
    """Return the rule, "" where there is none."""
    if "RRULE" not in event:
        return ""
    rule = event["RRULE"].to_ical()
    return rule if isinstance(rule, str) else rule.decode()


def _local(at: _Moment, zone: str) -> datetime:
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day)
    return at.replace(tzinfo=None) if at.tzinfo is None else at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _without_zone(rule: str, zone: str) -> str:
    """Return a rule whose `UNTIL` is local time, as its windows are."""

    def local(found: re.Match[str]) -> str:
        at = datetime.strptime(found[1], LOCAL_TIME).replace(tzinfo=UTC)
        return f"UNTIL={_local(at, zone):{LOCAL_TIME}}"

    return re.sub(r"UNTIL=(\d{8}T\d{6})Z", local, rule)


def _minutes(length: timedelta) -> int:
    return max(1, round(length.total_seconds() / 60))


def _id_of(identity: str, scope: MaintenanceSchedule) -> str:
    """Return an id that the same event for the same cameras has each time."""
    whole = "\n".join((identity, scope.camera, scope.site, scope.group))
    return f"ical{sha256(whole.encode()).hexdigest()[:12]}"
